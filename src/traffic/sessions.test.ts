import assert from "node:assert/strict";
import { test } from "node:test";
import { CART_OK, frame, SHOP, world } from "./core-for-tests.ts";

test("nothing is sent before a client asks; then the full picture, then what changed", () => {
  const { count, rows, second, connect, clock } = world();
  const silent = connect("nothing");
  count({ [CART_OK]: 3 });
  rows({}, {});
  second();
  assert.deepEqual(silent.messages, []);
  const { messages, last } = connect();
  const snapshot = frame(messages[0]);
  assert.ok(snapshot.type === "snapshot");
  assert.deepEqual(
    [snapshot.sequence, snapshot.time, snapshot.totals.counts.requests, snapshot.requests.length],
    [1, clock.now, 3, 2],
  );
  rows({ code: 503, flags: "UH", endpoint: undefined, cluster: "" });
  clock.now += 50;
  count({ [`503 UH  http ${SHOP}`]: 1 });
  second();
  const delta = frame(last());
  assert.deepEqual([delta.type, delta.sequence, delta.totals?.counts.requests], ["delta", 2, 4]);
  assert.equal(delta.requests?.[0]?.why?.summary, "No healthy endpoint in the upstream");
  assert.equal(delta.lag, 1058, "from the end of the newest request to the frame");
});

test("when nothing changed no frame goes out, but an empty one every five seconds: the connection is not dead", () => {
  const { core, connect, clock } = world();
  const { messages } = connect();
  const told = (): number => {
    core.flush();
    return messages.length;
  };
  assert.equal(told(), 1);
  clock.now += 4999;
  assert.equal(told(), 1);
  clock.now += 1;
  assert.deepEqual([told(), told()], [2, 2]);
  const { type, ...said } = frame(messages[1]);
  assert.equal(type, "delta");
  assert.deepEqual(said, { sequence: 2, time: clock.now, dropped: { rows: 0, frames: 0 } });
  clock.now -= 3_600_000;
  assert.equal(told(), 3, "also after a clock that was set back");
});

test("rows above the rate are dropped, oldest first, and counted", () => {
  const { rows, second, connect } = world();
  const { last } = connect({ type: "subscribe", rowsPerSecond: 3 });
  rows(...Array.from({ length: 10 }, (_, index) => ({ requestId: `r${index}` })));
  second();
  const delta = frame(last());
  assert.deepEqual(
    delta.requests?.map(({ requestId }) => requestId),
    ["r7", "r8", "r9"],
  );
  assert.deepEqual(delta.dropped, { rows: 7, frames: 0 });
});

test("a slow socket is sent nothing, and the right picture when it is ready again", () => {
  const { count, rows, second, connect, core } = world();
  const { messages, client, last } = connect({ type: "subscribe", rowsPerSecond: 5 });
  client.ready = false;
  for (let index = 0; index < 20; index++) {
    count({ [CART_OK]: 1 });
    rows({ requestId: `r${index}` });
    second();
  }
  assert.equal(messages.length, 1);
  client.ready = true;
  second();
  const delta = frame(last());
  assert.equal(messages.length, 2);
  assert.deepEqual([delta.totals?.counts.requests, delta.hosts?.length], [20, 1]);
  assert.deepEqual(
    delta.requests?.map(({ requestId }) => requestId),
    ["r15", "r16", "r17", "r18", "r19"],
  );
  assert.deepEqual([delta.dropped.rows, delta.dropped.frames >= 20, delta.sequence > 20], [15, true, true]);
  assert.equal(delta.columns?.length, 20, "no column is lost");
  assert.deepEqual([core.stats.framesDropped >= 20, core.stats.rowsDropped], [true, 15]);
});

test("paused is silent; resumed is a snapshot", () => {
  const { rows, second, connect } = world();
  const { messages, session } = connect();
  session.receive('{"type":"pause"}');
  rows({});
  second();
  assert.equal(messages.length, 1);
  session.receive('{"type":"resume"}');
  const snapshot = frame(messages[1]);
  assert.deepEqual([snapshot.type, snapshot.sequence, snapshot.requests?.length], ["snapshot", 1, 1]);
});

test("another subscription replaces the first", () => {
  const { rows, second, connect } = world();
  const { messages, session, last } = connect();
  session.receive(JSON.stringify({ type: "subscribe", filter: { codes: ["5xx"] } }));
  assert.deepEqual(
    messages.map(({ type }) => type),
    ["snapshot", "snapshot"],
  );
  rows({}, { code: 500 });
  second();
  assert.deepEqual(
    frame(last()).requests?.map(({ code }) => code),
    [500],
  );
});

test("what is not understood is answered, and the subscription stands", () => {
  const { rows, second, connect } = world();
  const { session, last } = connect();
  for (const text of ["", "{", '{"type":"subscribe","filter":{"codes":["x"]}}', '{"type":"unpin","id":"none"}']) {
    session.receive(text);
    assert.equal(last()?.type, "problem", text);
  }
  rows({});
  second();
  assert.equal(frame(last()).requests?.length, 1);
});

test("sessions that were closed are counted, and hold nothing", () => {
  const { core, rows, second, connect } = world();
  const { session, messages } = connect();
  rows({});
  second();
  const sent = messages.length;
  session.close();
  session.close();
  session.receive('{"type":"subscribe"}');
  rows({});
  second();
  assert.equal(messages.length, sent);
  assert.deepEqual([core.stats.sessions, core.stats.frames], [0, sent]);
});
