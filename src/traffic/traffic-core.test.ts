import assert from "node:assert/strict";
import { test } from "node:test";
import { BLOG, CART_OK, frame, SHOP, world } from "./core-for-tests.ts";
import type { EntryForTests } from "./entry-for-tests.ts";
import { bucketOf } from "./histogram.ts";

const POST: EntryForTests = { route: BLOG, authority: "blog.localhost", cluster: "local/team-blog/posts/80" };

function near(quantile: number | undefined): boolean {
  return quantile !== undefined && quantile > 80 && quantile < 120;
}

test("a request that another upstream took over is shown with both, and its reason names the one that had it", async () => {
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
  const [row] = (await core.history({}, "all")).requests;
  assert.deepEqual([row?.upstream?.service, row?.fallback], ["cart", fallback]);
  assert.match(row?.why?.summary ?? "", /^west team-shop\/west-cart:80 answered 503/);
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

test("a route whose counters Envoy let go leaves the tables after an hour; its requests stay in the totals", async () => {
  const { core, clock, count, letGo, second, connect } = world();
  const blog = `200 - local/team-blog/posts/80 http ${BLOG}`;
  const views = [
    { seen: connect(), requests: 32 },
    { seen: connect({ type: "subscribe", filter: { namespaces: ["team-blog"] } }), requests: 2 },
    { seen: connect({ type: "subscribe" }, new Set(["team-blog"])), requests: 2 },
    { seen: connect({ type: "subscribe", filter: { hosts: ["shop.localhost"] } }), requests: 30 },
  ];
  count({ [CART_OK]: 30, [blog]: 2 });
  second();
  letGo(blog);
  clock.now += 3_600_000 - 1000;
  second();
  const hosts = async () => (await core.snapshot({}, "all")).routes.map(({ host }) => host).sort();
  assert.deepEqual(await hosts(), ["blog.localhost", "shop.localhost"]);
  second();
  assert.deepEqual(await hosts(), ["shop.localhost"]);
  const told = views[0]?.seen.last();
  assert.ok(told?.type === "delta");
  assert.deepEqual([told.removed?.routes, told.removed?.hosts], [[`http ${BLOG}`], ["blog.localhost"]]);
  const { totals, envoys, listeners } = await core.snapshot({}, "all");
  assert.deepEqual(
    [totals, ...envoys, ...listeners].map(({ counts }) => counts.requests),
    [32, 32, 32],
  );
  for (const { seen, requests } of views) {
    const last = seen.messages
      .map((message) => frame(message).totals?.counts.requests)
      .filter((told) => told !== undefined);
    assert.equal(last.at(-1), requests);
  }
  count({ [blog]: 5 });
  second();
  assert.deepEqual(await hosts(), ["blog.localhost", "shop.localhost"]);
  assert.equal((await core.snapshot({}, "all")).totals.counts.requests, 37);
  assert.equal((await core.snapshot({}, new Set(["team-blog"]))).totals.counts.requests, 7);
  core.forget("e1");
  for (let forgotten = 0; forgotten < 2; forgotten++) {
    clock.now += 3_600_001;
    core.tick();
  }
  const end = await core.snapshot({}, "all");
  assert.deepEqual([end.totals.counts.requests, end.envoys, end.routes], [37, [], []]);
});

test("when all its routes are forgotten an Envoy has its row still, and its listener", () => {
  const { clock, count, letGo, second, connect } = world();
  const seen = connect();
  count({ [CART_OK]: 30 });
  second();
  letGo(CART_OK);
  clock.now += 3_600_000;
  second();
  const told = seen.last();
  assert.ok(told?.type === "delta");
  assert.deepEqual(told.removed, {
    hosts: ["shop.localhost"],
    routes: [`http ${SHOP}`],
    owners: ["Ingress/team-shop/shop"],
    clusters: ["local/team-shop/cart/80"],
  });
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

test("of many subscriptions at once the first are answered, the newest when its turn comes, the rest is told", () => {
  const { connect, second } = world();
  const { session, messages } = connect("nothing");
  const subscribe = (host: number) => session.receive(`{"type":"subscribe","filter":{"hosts":["h${host}"]}}`);
  const told = () =>
    messages.splice(0).map((message) => {
      if (message.type === "snapshot") return message.filter.hosts?.join();
      return message.type === "problem" ? message.path : message.type;
    });
  for (let host = 1; host <= 13; host++) subscribe(host);
  assert.deepEqual(told(), [...Array.from({ length: 10 }, (_, at) => `h${at + 1}`), "subscribe", "subscribe"]);
  session.receive('{"type":"pause"}');
  second();
  assert.deepEqual(told(), ["h13"], "its picture, and because it was paused no frame after it");
  session.receive('{"type":"resume"}');
  second();
  assert.equal(told()[0], "h13");
});

test("a socket asks so much of the past at once and no more, is told so by the question's id, and asks again later", () => {
  const { connect, clock } = world();
  const { session, messages } = connect({ type: "subscribe" });
  const ask = (id: string) => session.receive(JSON.stringify({ type: "history", id }));
  const answers = () =>
    messages.splice(0).map((message) => (message.type === "problem" ? `not ${message.id}` : message.type));
  answers();
  for (let id = 1; id <= 12; id++) ask(String(id));
  assert.deepEqual(answers(), [...Array.from({ length: 10 }, () => "history"), "not 11", "not 12"]);
  const other = connect({ type: "subscribe" });
  other.session.receive('{"type":"history","id":"x"}');
  assert.equal(other.last()?.type, "history", "another socket has its own");
  clock.now += 1000;
  for (const id of ["13", "14", "15"]) ask(id);
  assert.deepEqual(answers(), ["history", "history", "not 15"]);
});

test("who only sees pins nothing and takes nothing away, and is not told how much traffic there is in all", async () => {
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
  const { sampling } = await core.snapshot({}, scope);
  assert.deepEqual([sampling.requests, sampling.received], [undefined, undefined]);
  const { sampling: whole } = await core.snapshot({}, "all");
  assert.notEqual(whole.requests, undefined);
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
