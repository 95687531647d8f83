import assert from "node:assert/strict";
import { test } from "node:test";
import { entryFacts } from "./entry.ts";
import { type EntryForTests, entryForTests } from "./entry-for-tests.ts";
import type { NamespaceScope } from "./filter.ts";
import { bucketOf } from "./histogram.ts";
import type { DeltaMessage, PinTarget, SamplingState, ServerMessage, SnapshotMessage } from "./messages.ts";
import { rawRow } from "./raw-row.ts";
import { TrafficCore } from "./traffic-core.ts";

const SAMPLING: SamplingState = {
  words: "showing all requests",
  failures: 1,
  sample: 1,
  latency: 1,
  budget: 100,
  received: 0,
  requests: 0,
  lost: { envoy: 0, receiver: 0 },
  receiver: "ready",
  totalsEvery: 1000,
  envoys: [],
};
const SHOP = "shop.localhost/Ingress/team-shop/shop/prefix /";
const BLOG = "blog.localhost/Ingress/team-blog/blog/prefix /";

/** As a counter is called. */
const CART_OK = `200 - local/team-shop/cart/80 http ${SHOP}`;
const POST: EntryForTests = { route: BLOG, authority: "blog.localhost", cluster: "local/team-blog/posts/80" };

/** A core with a clock of the test's own, that begins at 1,000 seconds. */
function world() {
  const clock = { now: 1_000_000 };
  const pinned: (readonly PinTarget[])[] = [];
  const core = new TrafficCore({
    retention: 900_000,
    retentionBytes: 10_000_000,
    now: () => clock.now,
    sampling: () => SAMPLING,
    onPins: (targets) => void pinned.push(targets),
  });
  const values = new Map<string, number>();
  let read = clock.now;
  /** A reading of the counters: requests since the one before, by `<code> <flags> <cluster> http <route>`. */
  const count = (requests: Readonly<Record<string, number>> = {}) => {
    for (const [key, more] of Object.entries(requests)) values.set(key, (values.get(key) ?? 0) + more);
    const changed = [...values].map(([key, value]) => [`binnacle.requests.request.${key}`, value] as const);
    core.applyCounters({ envoy: "e1", changed, gone: [], restarted: false }, read, clock.now);
    read = clock.now;
  };
  const rows = (...wishes: readonly EntryForTests[]) => {
    const raws = wishes.map((wish) => {
      const entry = entryForTests({ start: clock.now - 20, ...wish });
      const kept = (wish.code ?? 200) >= 500 ? "failure" : "sample";
      return rawRow(entry, entryFacts(entry), { envoy: "e1", kept, weight: 1, keepQueryValues: false });
    });
    const batch = { received: { failures: 0, sample: raws.length }, malformed: 0, dropped: 0, newest: clock.now };
    core.applyBatch({ ...batch, flows: [], endpoints: [], gateways: [], rows: raws });
  };
  const second = () => {
    clock.now += 1000;
    count();
    core.tick();
    core.flush();
  };
  const connect = (
    message: object | "nothing" = { type: "subscribe" },
    scope: NamespaceScope = "all",
    operates = scope,
  ) => {
    const messages: ServerMessage[] = [];
    const client = { ready: true };
    const session = core.open({
      name: "t",
      scope,
      operates,
      send: (sent) => void messages.push(sent),
      isReady: () => client.ready,
    });
    if (message !== "nothing") session.receive(JSON.stringify(message));
    return { messages, session, client, last: () => messages.at(-1) };
  };
  count();
  return { clock, core, count, rows, second, connect, pinned };
}

function frame(message: ServerMessage | undefined): SnapshotMessage | DeltaMessage {
  assert.ok(message?.type === "snapshot" || message?.type === "delta", message?.type ?? "nothing was sent");
  return message;
}

test("a request that another upstream took over is shown with both, and its reason names the one that had it", () => {
  const { core, rows, clock } = world();
  const fallback = { backend: "west", namespace: "team-shop", service: "west-cart", port: 80 };
  const endpoint = { health: "healthy", zone: "", activeRequests: 0, activeConnections: 0 } as const;
  const counters = { requests: 0, errors: 0, timeouts: 0, connectFailures: 0 };
  const cluster = "local/team-shop/cart/80";
  const changed = [
    { cluster, endpoints: [{ ...endpoint, ...counters, address: "10.0.0.1:8080", priority: 1, fallback }] },
  ];
  core.applyClusters({ envoy: "e1", changed, gone: [], restarted: false, at: clock.now / 1000 });
  rows({ cluster, code: 503 });
  const [row] = core.history({}, "all").requests;
  assert.deepEqual([row?.upstream?.service, row?.fallback], ["cart", fallback]);
  assert.match(row?.why?.summary ?? "", /^west team-shop\/west-cart:80 answered 503/);
});

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

test("no frame when nothing changed", () => {
  const { core, connect, second } = world();
  const { messages } = connect();
  second();
  const sent = messages.length;
  for (let index = 0; index < 12; index++) second();
  core.flush();
  assert.equal(messages.length, sent);
});

test("a team sees rows, totals, columns and markers of its own and nothing else", () => {
  const { core, count, rows, second, connect } = world();
  const team = connect({ type: "subscribe" }, new Set(["team-blog"]));
  count({ [CART_OK]: 30, [`200 - local/team-blog/posts/80 http ${BLOG}`]: 2 });
  second();
  rows({ route: SHOP }, POST, { route: "", host: "", code: 404 });
  core.mark({
    time: 1,
    kind: "push",
    severity: "info",
    text: "shop",
    object: { kind: "Ingress", namespace: "team-shop", name: "shop" },
  });
  core.mark({
    time: 1,
    kind: "push",
    severity: "info",
    text: "blog",
    object: { kind: "Ingress", namespace: "team-blog", name: "blog" },
  });
  core.mark({ time: 1, kind: "envoy", severity: "warning", text: "restarted" });
  second();
  const seen = JSON.stringify(team.messages);
  assert.doesNotMatch(seen, /shop/);
  const delta = frame(team.last());
  assert.deepEqual(
    [delta.totals?.counts.requests, delta.requests?.length, delta.markers?.map(({ text }) => text)],
    [2, 1, ["blog", "restarted"]],
  );
  const all = connect({ type: "subscribe", filter: { namespaces: ["team-shop"] } }, new Set(["team-blog"]));
  const snapshot = frame(all.messages[0]);
  assert.deepEqual(
    [snapshot.totals?.counts.requests, snapshot.requests?.length],
    [0, 0],
    "asking for another's gives nothing",
  );
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

test("history goes back further than the snapshot, and says when there is more", () => {
  const { rows, second, connect, count, clock } = world();
  for (let index = 0; index < 5; index++) {
    count({ [CART_OK]: 1 });
    rows({ requestId: `r${index}` });
    second();
  }
  const { session, last } = connect({ type: "subscribe", recentRows: 1, columns: 1 });
  session.receive(JSON.stringify({ type: "history", id: "h", limit: 2, to: clock.now - 2000 }));
  const answer = last();
  assert.ok(answer?.type === "history" && answer.id === "h");
  assert.deepEqual([answer.requests.map(({ requestId }) => requestId), answer.more], [["r3", "r2"], true]);
  assert.deepEqual(
    answer.columns.map(({ requests }) => requests),
    [1, 1, 1],
  );
});

test("who only sees pins nothing and takes nothing away, and is not told how much traffic there is in all", () => {
  const { connect, pinned, core } = world();
  const scope = new Set(["shop"]);
  const viewer = connect({ type: "subscribe" }, scope, new Set());
  const operator = connect({ type: "subscribe" }, scope, new Set(["shop"]));
  viewer.session.receive('{"type":"pin","pin":{"client":"192.0.2.7"}}');
  assert.deepEqual(viewer.last(), { type: "problem", path: "pin", message: "only an operator pins" });
  assert.deepEqual(pinned, []);
  operator.session.receive('{"type":"pin","pin":{"client":"192.0.2.7"}}');
  const [pin] = core.pins(scope);
  viewer.session.receive(`{"type":"unpin","id":"${pin?.id}"}`);
  assert.equal(viewer.last()?.type, "problem");
  assert.equal(core.pins(scope).length, 1, "it sees the pin of its namespace");
  const { sampling } = core.snapshot({}, scope);
  assert.deepEqual([sampling.requests, sampling.received], [undefined, undefined]);
  assert.notEqual(core.snapshot({}, "all").sampling.requests, undefined);
});

test("a team's many pins push out its own, not another's", () => {
  const { connect, core } = world();
  const pin = (session: ReturnType<typeof connect>["session"], client: number) =>
    session.receive(`{"type":"pin","pin":{"client":"192.0.2.${client}"}}`);
  pin(connect({ type: "subscribe" }, new Set(["blog"])).session, 99);
  const shop = connect({ type: "subscribe" }, new Set(["shop"])).session;
  for (let client = 1; client <= 30; client++) pin(shop, client);
  assert.deepEqual(
    core.pins("all").map(({ target }) => target.client),
    ["192.0.2.99", "192.0.2.26", "192.0.2.27", "192.0.2.28", "192.0.2.29", "192.0.2.30"],
  );
});

test("a pin is told to the receiver and to who may see it, and ends by itself", () => {
  const { connect, second, pinned, clock, core } = world();
  const [team, all, other] = [
    connect({ type: "subscribe" }, new Set(["team-shop"])),
    connect(),
    connect({ type: "subscribe" }, new Set(["team-blog"])),
  ];
  team.session.receive('{"type":"pin","pin":{"client":"192.0.2.7"},"seconds":60}');
  core.flush();
  assert.deepEqual(pinned, [[{ client: "192.0.2.7" }]]);
  assert.equal(frame(team.last()).pins?.[0]?.until, clock.now + 60_000);
  assert.equal(frame(all.last()).pins?.length, 1);
  assert.doesNotMatch(JSON.stringify(other.messages), /192\.0\.2\.7/);
  const id = frame(all.last()).pins?.[0]?.id ?? "";
  assert.equal(core.unpin(id, new Set(["team-blog"])), false, "another team cannot end it");
  clock.now += 60_000;
  second();
  assert.deepEqual([pinned.at(-1), frame(team.last()).pins], [[], []]);
});

function near(quantile: number | undefined): boolean {
  return quantile !== undefined && quantile > 80 && quantile < 120;
}

test("latencies of entries are in rates, columns and endpoints", () => {
  const { core, count, second, connect, clock } = world();
  core.applyClusters({
    envoy: "e1",
    at: clock.now / 1000,
    gone: [],
    restarted: false,
    changed: [
      {
        cluster: "local/team-shop/cart/80",
        endpoints: [
          {
            address: "10.0.0.1:8080",
            health: "healthy",
            zone: "",
            activeRequests: 0,
            activeConnections: 0,
            requests: 0,
            errors: 0,
            timeouts: 0,
            connectFailures: 0,
          },
        ],
      },
    ],
  });
  const buckets = new Map([[bucketOf(100), 5]]);
  const at = { second: clock.now / 1000, cluster: "local/team-shop/cart/80", buckets };
  core.applyBatch({
    received: { failures: 0, sample: 5 },
    malformed: 0,
    dropped: 0,
    newest: clock.now,
    flows: [{ ...at, envoy: "e1", listener: "http", routeKey: SHOP, phases: new Float64Array(8) }],
    endpoints: [{ ...at, failed: 0, endpoint: "10.0.0.1:8080" }],
    gateways: [],
    rows: [],
  });
  clock.now += 500;
  count({ [CART_OK]: 5 });
  second();
  second();
  const snapshot = frame(connect().messages[0]);
  assert.ok(snapshot.type === "snapshot");
  assert.ok(near(snapshot.hosts[0]?.rates.latency?.p50));
  assert.ok(near(snapshot.clusters[0]?.endpoints[0]?.latency?.p99));
  assert.ok(near(snapshot.columns[0]?.quantiles?.p50));
});

test("an Envoy that is lost from sight does not hold the others' windows back", () => {
  const { core, clock, count, second, connect } = world();
  core.applyCounters({ envoy: "e2", changed: [], gone: [], restarted: false }, clock.now, clock.now);
  for (let index = 0; index < 5; index++) {
    count({ [CART_OK]: 10 });
    second();
  }
  const rate = () => frame(connect().messages[0]).totals?.rates.perSecond;
  assert.equal(rate(), 0, "the second Envoy has not told of these seconds");
  core.lostSight("e2");
  second();
  assert.ok((rate() ?? 0) > 5);
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
