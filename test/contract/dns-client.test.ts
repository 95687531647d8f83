import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { decode, encode } from "dns-packet";
import { DnsClient } from "#dns/dns-client.ts";
import type { DnsErrorKind } from "#dns/dns-error.ts";
import type { DnsQuestion } from "#dns/message.ts";
import type { DnsServerAddress } from "#dns/server-address.ts";
import { DnsServer } from "../integration/support/dns-server.ts";

const never = new AbortController().signal;
const MANY = Array.from({ length: 200 }, (_, index) => `10.88.1.${index}`);

const ask = (server: DnsServerAddress, name: string, type: DnsQuestion["type"] = "A", timeout = 10_000) =>
  new DnsClient({ servers: [server], timeout }).ask({ name, type }, never);

const fails = async (asked: Promise<unknown>, kind: DnsErrorKind, words: RegExp): Promise<void> => {
  await assert.rejects(asked, (error: { kind?: unknown; message: string }) => {
    assert.equal(error.kind, kind);
    assert.match(error.message, words);
    return true;
  });
};

suite("what a real DNS server says", () => {
  let server: DnsServer;
  before(async () => {
    server = await DnsServer.start([
      "cart 30 A 10.88.0.1",
      "cart 20 A 10.88.0.2",
      "cart AAAA 2001:db8::1",
      "shop 10 CNAME cart",
      "Market 600 CNAME shop",
      "outside 5 CNAME cart.example.org.",
      "loop CNAME loop2",
      "loop2 CNAME loop",
      "_http._tcp 40 SRV 10 5 8080 cart",
      "_http._tcp 40 SRV 20 0 8081 market",
      ...MANY.map((address) => `many 60 A ${address}`),
    ]);
  });
  after(() => server[Symbol.asyncDispose]());

  test("addresses of both types, with the least time to live", async () => {
    assert.deepEqual(await ask(server, "cart.test"), {
      records: ["10.88.0.1", "10.88.0.2"].map((address) => ({ type: "A", address })),
      exists: true,
      ttl: 20,
    });
    const { records } = await ask(server, "CART.test.", "AAAA");
    assert.deepEqual(records, [{ type: "AAAA", address: "2001:db8::1" }]);
  });

  test("a name that stands for another: the least time to live on the way", async () => {
    const { records, ttl } = await ask(server, "market.test");
    assert.equal(records.length, 2);
    assert.equal(ttl, 10);
  });

  test("a name that stands for one of another server's is asked for there", async () => {
    await fails(ask(server, "outside.test"), "refused", /A of cart\.example\.org: .* answered REFUSED/);
  });

  test("names that stand for each other are a failure, not a circle without end", async () => {
    await fails(ask(server, "loop.test"), "server", /loop\.test/);
  });

  test("SRV records with port, priority and weight", async () => {
    const { records, ttl } = await ask(server, "_http._tcp.test", "SRV");
    assert.equal(ttl, 40);
    assert.deepEqual(records.map((record) => (record.type === "SRV" ? Object.values(record).join(" ") : "")).sort(), [
      "SRV cart.test 8080 10 5",
      "SRV market.test 8081 20 0",
    ]);
  });

  test("what does not fit into a packet is asked by TCP", async () => {
    const { records } = await ask(server, "many.test");
    assert.deepEqual(new Set(records.map((record) => "address" in record && record.address)), new Set(MANY));
  });

  test("no such name, and a name without such records, are answers, for as long as the zone says", async () => {
    assert.deepEqual(await ask(server, "none.test"), { records: [], exists: false, ttl: 15 });
    assert.deepEqual(await ask(server, "shop.test", "SRV"), { records: [], exists: true, ttl: 10 });
  });

  test("a server that does not serve the zone refuses; one whose zone is broken fails", async () => {
    await fails(ask(server, "cart.example"), "refused", /A of cart\.example: .* answered REFUSED/);
    await using broken = await DnsServer.start([]);
    await broken.breakZone();
    await fails(ask(broken, "cart.test"), "server", /answered SERVFAIL/);
  });

  test("a server that is away is told as such, and the next one is asked", async () => {
    await using away = await DnsServer.start([]);
    await away.kill();
    await fails(ask(away, "cart.test"), "unreachable", /cannot be reached: .*ECONNREFUSED/);
    const client = new DnsClient({ servers: [away, server], timeout: 10_000 });
    assert.equal((await client.ask({ name: "cart.test", type: "A" }, never)).records.length, 2);
  });

  test("a server that there is no way to is told as such: a machine without a network goes on", async () => {
    // The kernel lets nobody connect to the broadcast address, and says so in other words where there is no network at all.
    const nowhere = { address: "255.255.255.255", port: 53 };
    await fails(ask(nowhere, "cart.test"), "unreachable", /cannot be reached: .*\((EACCES|ENETUNREACH)\)/);
  });

  test("a silent server costs its time-out; a stop ends the wait at once", async () => {
    await using silent = await DnsServer.start([]);
    await silent.freeze();
    await fails(ask(silent, "cart.test", "A", 20), "timeout", /did not answer within 20 ms/);
    const stop = new AbortController();
    const asked = new DnsClient({ servers: [silent], timeout: 600_000 }).ask(
      { name: "cart.test", type: "A" },
      stop.signal,
    );
    stop.abort(new Error("stopped"));
    await assert.rejects(asked, /stopped/);
  });

  test("each question to each server is observed, with its outcome", async () => {
    await using away = await DnsServer.start([]);
    await away.kill();
    const seen: string[] = [];
    const client = new DnsClient({
      servers: [away, server],
      timeout: 10_000,
      observe: ({ type, outcome, seconds }) => seen.push(`${type} ${outcome} ${seconds > 0}`),
    });
    await client.ask({ name: "cart.test", type: "AAAA" }, never);
    await client.ask({ name: "none.test", type: "SRV" }, never);
    assert.deepEqual(seen, ["AAAA unreachable true", "AAAA answer true", "SRV unreachable true", "SRV answer true"]);
  });

  test("many questions at once are answered, however many may be open", async () => {
    const client = new DnsClient({ servers: [server], timeout: 10_000 });
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => client.ask({ name: "cart.test", type: "A" }, never)),
    );
    assert.ok(answers.every(({ records }) => records.length === 2));
  });
});

/** What no real server does when it is asked to: packets by hand. */
async function byHand(answer: (message: Buffer, from: RemoteInfo, socket: Socket) => void) {
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => answer(message, from, socket));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: { address: "127.0.0.1", port: socket.address().port },
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => socket.close(() => closed())),
  };
}

suite("what may come instead of an answer", () => {
  const reply = (
    message: Buffer,
    overrides: { readonly id?: number; readonly name?: string; readonly address: string },
  ) => {
    const { id = 0, questions = [] } = decode(message);
    const { address, name = questions[0]?.name ?? "" } = overrides;
    return encode({
      type: "response",
      id: overrides.id ?? id,
      questions: [{ type: "A", name }],
      answers: [{ type: "A", name, ttl: 1, data: address }],
    });
  };
  const addresses = async (server: DnsServerAddress, timeout?: number) =>
    (await ask(server, "cart.test", "A", timeout)).records.flatMap((record) =>
      "address" in record ? [record.address] : [],
    );

  test("a packet that got lost is asked for again", async () => {
    let count = 0;
    await using fake = await byHand((message, { port, address }, socket) => {
      if (++count > 1) socket.send(reply(message, { address: "10.88.0.1" }), port, address);
    });
    assert.deepEqual(await addresses(fake.server, 500), ["10.88.0.1"]);
  });

  test("answers to other questions, late or forged, are not taken", async () => {
    await using fake = await byHand((message, { port, address }, socket) => {
      const { id = 0 } = decode(message);
      socket.send(reply(message, { id: id ^ 1, address: "10.88.0.66" }), port, address);
      socket.send(reply(message, { name: "other.test", address: "10.88.0.67" }), port, address);
      socket.send(reply(message, { address: "10.88.0.1" }), port, address);
    });
    assert.deepEqual(await addresses(fake.server), ["10.88.0.1"]);
  });

  test("a server that knows no extensions (EDNS) is asked without them", async () => {
    for (const rcode of [1, 4]) {
      await using fake = await byHand((message, { port, address }, socket) => {
        const { id = 0, additionals = [] } = decode(message);
        // FORMERR or NOTIMP, which stand in the last four bits of the flags (RFC 1035 §4.1.1).
        const refusal = encode({ type: "response", id, flags: rcode });
        const answer = additionals.length > 0 ? refusal : reply(message, { address: "10.88.0.1" });
        socket.send(answer, port, address);
      });
      assert.deepEqual(await addresses(fake.server), ["10.88.0.1"]);
    }
  });

  test("one that cannot read the plain question either fails", async () => {
    await using fake = await byHand((message, { port, address }, socket) => {
      const { id = 0 } = decode(message);
      socket.send(encode({ type: "response", id, flags: 1 }), port, address);
    });
    await fails(ask(fake.server, "cart.test"), "server", /answered FORMERR/);
  });

  test("what is no DNS message is a failure in words", async () => {
    await using fake = await byHand((_message, { port, address }, socket) => socket.send("hello", port, address));
    await fails(ask(fake.server, "cart.test"), "malformed", /no DNS message/);
  });
});
