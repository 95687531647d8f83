import assert from "node:assert/strict";
import { test } from "node:test";
import { DnsError } from "./dns-error.ts";
import { NameFollower } from "./name-follower.ts";
import { resolveHost } from "./resolve-host.ts";

const retry = { least: 1, most: 1 };

/** A follower of names whose answers the test gives, and what it told. */
function follow(answer: (host: string, count: number) => readonly string[]) {
  const told: string[] = [];
  const counts = new Map<string, number>();
  let look = (): void => {};
  const note = (line: string): void => {
    told.push(line);
    look();
  };
  const follower = new NameFollower({
    resolve: (host) => {
      const count = (counts.get(host) ?? 0) + 1;
      counts.set(host, count);
      return Promise.resolve({ addresses: answer(host, count), ttl: 0 });
    },
    times: { minimumTtl: 1, maximumTtl: 1, retry },
    onAnswer: (host, addresses) => note(`${host} ${addresses.join()}`),
    onFailure: (host, error) => note(`${host} ${(error as Error).message}`),
  });
  const includes = async (line: string): Promise<void> => {
    while (!told.includes(line)) await new Promise<void>((resolve) => (look = resolve));
  };
  return { follower, told, includes };
}

test("names are followed while they are wanted, and not asked for afterwards", async () => {
  const { follower, told, includes } = follow((_host, count) => [`10.0.0.${Math.min(count, 3)}`]);
  follower.want(new Set(["a", "b"]));
  await follower.settled();
  await includes("a 10.0.0.3");
  follower.want(new Set(["b"]));
  const [count, before] = [told.filter((line) => line.startsWith("a")).length, told.length];
  while (told.length < before + 5) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.filter((line) => line.startsWith("a")).length, count);
  await follower[Symbol.asyncDispose]();
});

test("a failure settles a name, is told, and tried again", async () => {
  const { follower, includes } = follow((_host, count) => {
    if (count < 3) throw new DnsError("server", "answered SERVFAIL");
    return ["10.0.0.1"];
  });
  await using _ = follower;
  follower.want(new Set(["a"]));
  await follower.settled();
  await includes("a answered SERVFAIL");
  await includes("a 10.0.0.1");
});

test("a host is its addresses in the hosts file, else in DNS; IPv6 where there is no IPv4, or one family alone", async () => {
  const asked: string[] = [];
  const client = {
    ask: ({ name, type }: { readonly name: string; readonly type: string }) => {
      asked.push(`${type} ${name}`);
      const has = (name === "six" && type === "AAAA") || name === "both";
      const records = has ? [{ type: "AAAA" as const, address: type === "A" ? "192.0.2.1" : "2001:db8::1" }] : [];
      return Promise.resolve({ records, exists: true, ttl: type === "A" ? 30 : 20 });
    },
  };
  const hosts = () =>
    Promise.resolve(
      new Map([
        ["here", ["::1", "127.0.0.1"]],
        ["old", ["127.0.0.1"]],
      ]),
    );
  const resolve = (host: string) => resolveHost(client, host, new AbortController().signal, hosts);
  assert.deepEqual(await resolve("Here"), { addresses: ["127.0.0.1"], ttl: 0 });
  assert.deepEqual(await resolve("six"), { addresses: ["2001:db8::1"], ttl: 20 });
  assert.deepEqual(await resolve("none"), { addresses: [], ttl: 20 });
  assert.deepEqual(asked.splice(0), ["A six", "AAAA six", "A none", "AAAA none"]);
  assert.deepEqual(await resolve("here/v6"), { addresses: ["::1"], ttl: 0 });
  assert.deepEqual(await resolve("old/v6"), { addresses: [], ttl: 20 }, "of a file that has the other family alone");
  assert.deepEqual(await resolve("six/v4"), { addresses: [], ttl: 30 });
  assert.deepEqual(await resolve("both/v6"), { addresses: ["2001:db8::1"], ttl: 20 });
  assert.deepEqual(await resolve("both/v4"), { addresses: ["192.0.2.1"], ttl: 30 });
  assert.deepEqual(asked, ["AAAA old", "A six", "AAAA both", "A both"]);
});
