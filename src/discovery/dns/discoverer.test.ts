import assert from "node:assert/strict";
import { test } from "node:test";
import { DnsError } from "#dns/dns-error.ts";
import type { DnsAnswer, DnsQuestion } from "#dns/message.ts";
import type { DiscoveryReport } from "../discoverer.ts";
import { DnsDiscoverer } from "./discoverer.ts";

test("a name that had no answer at first: once it has one, everything is told anew, with nothing left unread", async () => {
  const told: string[] = [];
  let look = (): void => {};
  const report: DiscoveryReport = {
    reported: () => [],
    full: ({ services, unread }) => {
      told.push(`full ${services.map(({ service }) => service).join()} without ${unread.join()}`);
      look();
    },
    changed: (upserts) => void told.push(`changed ${upserts.map(({ service }) => service).join()}`),
    inStep() {},
    failed() {},
    problems() {},
  };
  let fails = true;
  const ask = ({ name }: DnsQuestion): Promise<DnsAnswer> =>
    name === "b.test" && fails
      ? Promise.reject(new DnsError("server", "answered SERVFAIL"))
      : Promise.resolve({ records: [{ type: "A", address: "10.0.0.1" }], exists: true, ttl: 1 });
  const port = { name: "http", port: 80, targetPort: 8080, protocol: "TCP" } as const;
  const service = (name: string) => ({ namespace: "shop", name, ports: [port], names: { hosts: [`${name}.test`] } });
  const discoverer = new DnsDiscoverer({
    client: { ask },
    services: [service("a"), service("b")],
    addressTypes: ["A"],
    refuse: () => undefined,
    times: { minimumTtl: 1, maximumTtl: 1, retry: { least: 1, most: 1 } },
    now: () => 0,
  });
  const stop = new AbortController();
  const run = discoverer.run(report, stop.signal);
  while (told.length < 1) await new Promise<void>((resolve) => (look = resolve));
  assert.deepEqual(told, ["full a without shop"]);
  fails = false;
  while (told.length < 2) await new Promise<void>((resolve) => (look = resolve));
  stop.abort();
  await run;
  // What an earlier life knew in the namespace, and nobody names any more, goes with that.
  assert.deepEqual(told, ["full a without shop", "full a,b without "]);
});
