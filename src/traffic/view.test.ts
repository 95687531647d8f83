import assert from "node:assert/strict";
import { test } from "node:test";
import type { CountDelta } from "./counter-ledger.ts";
import { FlowTotals } from "./counts.ts";
import { EndpointBoard } from "./endpoint-board.ts";
import { compileFilter } from "./filter.ts";
import { FlowTable } from "./flows.ts";
import { bucketOf } from "./histogram.ts";
import { History } from "./history.ts";
import { finished } from "./in-turns.ts";
import type { TrafficFilter } from "./messages.ts";
import { View } from "./view.ts";
import { windowOf } from "./window.ts";

const CART = "local/team-shop/cart/80";
const POSTS = "local/team-blog/posts/80";

function world() {
  const flows = new FlowTable();
  const totals = new FlowTotals();
  const board = new EndpointBoard(10);
  const history = new History(flows, { seconds: 900, bytes: 1e7 });
  const views: View[] = [];
  const shop = flows.flow("e1", "http", "shop/Ingress/team-shop/shop/r", CART);
  const blog = flows.flow("e1", "http", "blog/Ingress/team-blog/blog/r", POSTS);
  const lost = flows.flow("e1", "http", "", "");
  const count = (at: number, ...counted: readonly (readonly [typeof shop, number, number, string?])[]) => {
    const deltas: readonly CountDelta[] = counted.map(([flow, code, requests, flag]) => ({
      flow,
      code,
      requests,
      flags: flag === undefined ? [] : [flag],
    }));
    totals.add(deltas);
    for (const view of views) view.apply(deltas);
    history.addCounts(deltas, at, at + 1);
  };
  const open = (filter: TrafficFilter = {}, tableRows = 100) => {
    const view = new View({ flows, totals, board }, compileFilter(filter, "all"), tableRows);
    finished(view.fill());
    views.push(view);
    return view;
  };
  const tick = (view: View, to: number, changed: readonly string[] = []) =>
    view.tick(windowOf(history, to - 10, to), changed);
  const endpoint = (cluster: string) => {
    const zero = { activeRequests: 0, activeConnections: 0, requests: 0, errors: 0, timeouts: 0, connectFailures: 0 };
    const endpoints = [{ address: "10.0.0.1:80", health: "healthy" as const, zone: "", ...zero }];
    board.apply({ envoy: "e", changed: [{ cluster, endpoints }], gone: [], restarted: false, at: 100 });
  };
  return { flows, history, board, shop, blog, lost, count, open, tick, endpoint };
}

test("tables add up by host, route, owner, listener and upstream", () => {
  const { shop, blog, lost, count, open, tick, history } = world();
  count(100, [shop, 200, 30], [shop, 503, 10, "UF"], [blog, 200, 5], [lost, 404, 2, "NR"]);
  history.addLatencies(100, [{ flow: shop, buckets: [[bucketOf(8), 40]], phases: [] }]);
  const view = open();
  tick(view, 110);
  const { totals, hosts, routes, owners, listeners, clusters } = finished(view.tables())();
  assert.deepEqual(totals.counts, {
    requests: 47,
    classes: { "2xx": 35, "4xx": 2, "5xx": 10 },
    codes: { 200: 35, 404: 2, 503: 10 },
    flags: { NR: 2, UF: 10 },
  });
  assert.deepEqual(
    hosts.map(({ key, counts, namespaces }) => [key, counts.requests, namespaces]),
    [
      ["shop", 40, ["team-shop"]],
      ["blog", 5, ["team-blog"]],
      ["", 2, []],
    ],
  );
  const { rates, upstreams, route, owner } = routes[0]!;
  assert.deepEqual([route, owner?.name], ["r", "shop"]);
  assert.deepEqual([rates.seconds, rates.perSecond, rates.errorsPerSecond, rates.errorRatio], [10, 4, 1, 0.25]);
  assert.ok(rates.latency !== undefined && rates.latency.p99 <= 8);
  assert.deepEqual(
    upstreams.map(({ upstream, perSecond, errorsPerSecond }) => [upstream.service, perSecond, errorsPerSecond]),
    [["cart", 4, 1]],
  );
  assert.deepEqual(
    [owners.map(({ key }) => key), listeners.map(({ key, counts }) => [key, counts.requests])],
    [["Ingress/team-shop/shop", "Ingress/team-blog/blog"], [["http", 47]]],
  );
  assert.deepEqual(
    clusters.map(({ key }) => key),
    [CART, POSTS],
  );
});

test("a tick tells what changed, and nothing when nothing did", () => {
  const { shop, blog, count, open, tick } = world();
  const view = open();
  tick(view, 100);
  count(100, [shop, 200, 10], [blog, 200, 1]);
  const first = tick(view, 105);
  assert.deepEqual(
    first.hosts?.map(({ key }) => key),
    ["shop", "blog"],
  );
  tick(view, 111);
  assert.equal(tick(view, 112).hosts, undefined);
  count(112, [blog, 200, 1]);
  const second = tick(view, 113);
  assert.deepEqual(
    second.hosts?.map(({ key, counts }) => [key, counts.requests]),
    [["blog", 2]],
  );
});

test("when traffic ends its rates go to 0, once", () => {
  const { shop, count, open, tick } = world();
  const view = open();
  count(100, [shop, 200, 10]);
  tick(view, 105);
  const after = tick(view, 120);
  assert.deepEqual([after.hosts?.[0]?.rates.perSecond, after.totals?.rates.perSecond], [0, 0]);
  const then = tick(view, 121);
  assert.deepEqual([then.hosts, then.totals, then.routes], [undefined, undefined, undefined]);
});

test("a filter sums only what it chose; a view that is opened late says the same", () => {
  const { shop, blog, count, open, tick } = world();
  const filter = { namespaces: ["team-blog"] };
  const early = open(filter);
  count(100, [shop, 200, 10], [blog, 200, 4]);
  const late = open(filter);
  for (const view of [early, late]) tick(view, 105);
  assert.equal(finished(early.tables())().totals.counts.requests, 4);
  assert.deepEqual(finished(late.tables())(), finished(early.tables())());
});

test("only the busiest rows are in the picture; who falls out is removed", () => {
  const { flows, count, open, tick } = world();
  const [a, b, c] = ["a", "b", "c"].map((host) => flows.flow("e1", "http", `${host}/Ingress/n/o/r`, "")) as [
    ReturnType<typeof flows.flow>,
    ReturnType<typeof flows.flow>,
    ReturnType<typeof flows.flow>,
  ];
  const view = open({}, 2);
  count(100, [a, 200, 30], [b, 200, 20], [c, 200, 10]);
  const first = tick(view, 105);
  assert.deepEqual([first.hosts?.map(({ key }) => key), first.hidden?.hosts], [["a", "b"], 1]);
  count(115, [c, 200, 50], [a, 200, 1]);
  const second = tick(view, 118);
  assert.deepEqual([second.hosts?.map(({ key }) => key), second.removed?.hosts], [["c", "a"], ["b"]]);
  assert.equal(finished(view.tables())().totals.counts.requests, 111, "what is hidden is counted");
});

test("upstreams without traffic are there for their health, and go with Envoy's", () => {
  const { board, open, tick, endpoint } = world();
  endpoint(CART);
  const view = open();
  const [cart] = tick(view, 100).clusters ?? [];
  assert.deepEqual([cart?.key, cart?.healthy, cart?.sentTo, cart?.counts.requests], [CART, 1, undefined, 0]);
  assert.equal(tick(view, 101).clusters, undefined);
  assert.equal(tick(view, 102, [CART]).clusters?.length, 1);
  board.apply({ envoy: "e", changed: [], gone: [CART], restarted: false, at: 103 });
  assert.deepEqual(tick(view, 104, [CART]).removed?.clusters, [CART]);
  assert.deepEqual(finished(view.tables())().clusters, []);
});

test("several Envoys add up, can be told apart, and each has its own word on the endpoints", () => {
  const { flows, board, shop, count, open, tick, endpoint } = world();
  const remote = flows.flow("edge-1", "http", "shop/Ingress/team-shop/shop/r", CART);
  endpoint(CART);
  const [all, one] = [open(), open({ envoys: ["edge-1"] })];
  count(100, [shop, 200, 30], [remote, 200, 12]);
  for (const view of [all, one]) tick(view, 105);
  const rows = (view: View) => finished(view.tables())().envoys.map(({ key, counts }) => [key, counts.requests]);
  assert.deepEqual(rows(all), [
    ["e1", 30],
    ["edge-1", 12],
  ]);
  assert.deepEqual(
    finished(all.tables())().routes.map(({ counts }) => counts.requests),
    [42],
    "one row for both",
  );
  assert.deepEqual([rows(one), finished(one.tables())().totals.counts.requests], [[["edge-1", 12]], 12]);
  assert.equal(finished(all.tables())().clusters[0]?.seenBy, undefined, "one Envoy needs no telling apart");
  const changed = board.applyMemberships({
    envoy: "edge-1",
    changed: [{ cluster: CART, endpoints: 2, healthy: 1 }],
    gone: [],
    fresh: true,
  });
  for (const view of [all, one]) tick(view, 106, changed);
  assert.deepEqual(finished(all.tables())().clusters[0]?.seenBy, [
    { envoy: "e", healthy: 1, endpoints: 1 },
    { envoy: "edge-1", healthy: 1, endpoints: 2 },
  ]);
  assert.deepEqual(finished(one.tables())().clusters[0]?.seenBy, [{ envoy: "edge-1", healthy: 1, endpoints: 2 }]);
  assert.deepEqual(finished(one.tables())().clusters[0]?.endpoints, []);
});
