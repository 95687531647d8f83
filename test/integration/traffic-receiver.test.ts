import assert from "node:assert/strict";
import { stat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import type { Batch } from "#traffic/receiver-messages.ts";
import { Receiver, type ReceiverOptions, type ReceiverState } from "#traffic/receiver.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { AccessLogClient, ordinaryEntry } from "./traffic/access-log-client.ts";

const SETTINGS = { slowThreshold: 1000, keepQueryValues: false, rowsPerSecond: 100, log: silentLogger };

async function setUp(more: Partial<ReceiverOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("als")).path;
  const batches: Batch[] = [];
  const states: ReceiverState[] = [];
  const socketPath = join(directory, "als.sock");
  const receiver = stack.use(
    await Receiver.start({
      ...SETTINGS,
      socketPath,
      onBatch: (batch) => void batches.push(batch),
      onState: (state) => void states.push(state),
      ...more,
    }),
  );
  const received = () => batches.reduce((sum, batch) => sum + batch.received.failures + batch.received.sample, 0);
  const parts = stack.move();
  return { receiver, socketPath, batches, states, received, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function entries(count: number) {
  return Array.from({ length: count }, (_, index) => ordinaryEntry(index, Date.now()));
}

test("nobody else can write to the access log", async () => {
  await using world = await setUp();
  assert.equal((await stat(world.socketPath)).mode & 0o777, 0o600);
});

test("its socket is deleted: it is made anew, and streams that stand go on", async () => {
  await using world = await setUp();
  using standing = new AccessLogClient(world.socketPath);
  await standing.send(entries(5), "sample");
  await until(() => world.received() === 5, { what: "the stream" });
  await unlink(world.socketPath);
  await until(() => stat(world.socketPath), { what: "the socket" });
  await standing.send(entries(5));
  using next = new AccessLogClient(world.socketPath);
  await next.send(entries(5), "sample");
  await until(() => world.received(), { accept: (count) => count === 15, what: "15 entries" });
});

test("bad input costs neither the stream nor the receiver", async () => {
  await using world = await setUp();
  using client = new AccessLogClient(world.socketPath);
  await client.send(entries(5), "sample");
  client.sendBytes(Buffer.from("this is no message"));
  client.sendBytes(new Uint8Array());
  client.sendBytes(Buffer.alloc(1000, 0xff));
  await client.send(entries(7));
  // Bytes that are not even HTTP/2.
  const raw = connect(world.socketPath);
  raw.on("error", () => {});
  await new Promise((written) => raw.write("GET / HTTP/1.1\r\n\r\n", written));
  raw.destroy();
  using second = new AccessLogClient(world.socketPath);
  await second.send(entries(3), "failures");
  await until(() => world.received(), { accept: (count) => count >= 15, what: "15 entries" });
  assert.equal(world.received(), 15);
  assert.equal(
    world.batches.reduce((sum, { malformed }) => sum + malformed, 0),
    3,
  );
  assert.deepEqual(world.states, ["ready"]);
});

test("a message that is too large costs its stream, and no more", async () => {
  await using world = await setUp();
  using client = new AccessLogClient(world.socketPath);
  client.sendBytes(Buffer.alloc(5_000_000));
  assert.match(String(await client.ended), /RESOURCE_EXHAUSTED/);
  using next = new AccessLogClient(world.socketPath);
  await next.send(entries(4), "sample");
  await until(() => world.received(), { accept: (count) => count >= 4, what: "4 entries" });
});

test("more rows than are wanted are dropped and counted; all are in the sums", async () => {
  await using world = await setUp({ rowsPerSecond: 10 });
  using client = new AccessLogClient(world.socketPath);
  for (let index = 0; index < 20; index++) await client.send(entries(100), index === 0 ? "sample" : undefined);
  await until(() => world.received(), { accept: (count) => count >= 2000, what: "2,000 entries" });
  const sum = (of: (batch: Batch) => number) => world.batches.reduce((total, batch) => total + of(batch), 0);
  const rows = sum((batch) => batch.rows.length);
  // As many more as there are further seconds that all this takes: on a machine that is busy with others half a minute.
  assert.ok(rows >= 10 && rows <= 300, `${rows} rows`);
  assert.equal(rows + sum((batch) => batch.dropped), 2000);
  assert.equal(
    sum((batch) =>
      batch.flows.reduce((flows, { buckets }) => flows + [...buckets.values()].reduce((a, b) => a + b, 0), 0),
    ),
    2000,
  );
});

test("a receiver that breaks is started again, says so, and what waited for it is told", async () => {
  await using world = await setUp({ module: new URL("./traffic/failing-receiver.ts", import.meta.url) });
  await assert.rejects(world.receiver.diff("counters", "e", [Buffer.from("{}")], true), /broken on purpose/);
  assert.equal(world.receiver.isReady, false);
  await assert.rejects(world.receiver.diff("counters", "e", [Buffer.from("{}")], true), /not running/);
  await until(() => world.receiver.isReady, { what: "the receiver to be back" });
  assert.deepEqual([world.states, world.receiver.restarts], [["ready", "down", "ready"], 1]);
});

test("pages are read in the thread, and one that is none is refused", async () => {
  await using world = await setUp();
  const page = Buffer.from('{"stats":[{"name":"a","value":1}]}');
  const diff = await world.receiver.diff("counters", "e", [page], false);
  assert.deepEqual(diff, { page: "counters", changed: [["a", 1]], gone: [] });
  await assert.rejects(world.receiver.diff("counters", "e", [Buffer.from("<html>")], false), /JSON|token/);
  assert.deepEqual(world.states, ["ready"]);
});

test("a start that cannot be is told: a path that is too long, a folder that is not there", async () => {
  await using directory = await temporaryDirectory("als");
  const options = { ...SETTINGS, onBatch: () => {}, onState: () => {} };
  const long = join(directory.path, "x".repeat(100));
  await assert.rejects(Receiver.start({ ...options, socketPath: long }), /at most 107; choose a state directory/);
  const missing = join(directory.path, "missing", "als.sock");
  await assert.rejects(Receiver.start({ ...options, socketPath: missing }), /receiver failed: .*(ENOENT|No address)/);
});

test("what a killed process left behind is no obstacle", async () => {
  await using world = await setUp();
  await using second = await Receiver.start({
    ...SETTINGS,
    socketPath: world.socketPath,
    onBatch: () => {},
    onState: () => {},
  });
  assert.equal(second.isReady, true);
});
