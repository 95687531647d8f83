import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter, matchesPin, type NamespaceScope } from "./filter.ts";
import { FlowTable } from "./flows.ts";
import type { TrafficFilter } from "./messages.ts";
import { rowForTests } from "./row-for-tests.ts";

const CART = { backend: "local", namespace: "team-shop", service: "cart", port: 80 };

function passes(filter: TrafficFilter, row = rowForTests(), scope: NamespaceScope = "all"): boolean {
  return compileFilter(filter, scope).row(row);
}

test("each field accepts and refuses", () => {
  const row = rowForTests({
    code: 503,
    flags: ["UF", "URX"],
    duration: 250,
    kept: "failure",
    path: "/cart/items?id=…",
  });
  const cases: readonly (readonly [TrafficFilter, TrafficFilter])[] = [
    [{ hosts: ["shop.localhost"] }, { hosts: ["other"] }],
    [{ hosts: ["*.localhost"] }, { hosts: ["*.shop.localhost"] }],
    [{ routes: ["prefix /"] }, { routes: ["prefix /x"] }],
    [{ namespaces: ["a", "team-shop"] }, { namespaces: ["a"] }],
    [
      { owners: [{ kind: "Ingress", namespace: "team-shop", name: "shop" }] },
      { owners: [{ kind: "HTTPProxy", namespace: "team-shop", name: "shop" }] },
    ],
    [{ clusters: [CART] }, { clusters: [{ ...CART, port: 81 }] }],
    [{ endpoints: ["10.0.0.1:8080"] }, { endpoints: ["10.0.0.1"] }],
    [{ clients: ["192.0.2.1"] }, { clients: ["192.0.2.2"] }],
    [{ methods: ["get"] }, { methods: ["POST"] }],
    [{ pathPrefix: "/cart" }, { pathPrefix: "/items" }],
    [{ pathContains: "items" }, { pathContains: "order" }],
    [{ codes: [404, 503] }, { codes: [500] }],
    [{ codes: ["5xx"] }, { codes: ["4xx"] }],
    [{ flags: ["URX"] }, { flags: ["UH"] }],
    [{ slowerThan: 250 }, { slowerThan: 251 }],
    [{ kept: ["failure"] }, { kept: ["sample"] }],
    [{ requestId: row.requestId }, { requestId: "x" }],
  ];
  for (const [accepts, refuses] of cases) {
    assert.equal(passes(accepts, row), true, JSON.stringify(accepts));
    assert.equal(passes(refuses, row), false, JSON.stringify(refuses));
  }
});

test("a single request is found by the upstream that took over, and by the one that it took over from", () => {
  const fallback = { ...CART, backend: "west", service: "west-cart" };
  const row = rowForTests({ upstream: CART, fallback });
  for (const clusters of [[CART], [fallback]]) assert.equal(passes({ clusters }, row), true);
  assert.equal(passes({ clusters: [{ ...fallback, backend: "east" }] }, row), false);
});

test("all fields must accept; an empty list is no filter", () => {
  assert.equal(passes({ hosts: ["shop.localhost"], codes: ["5xx"] }), false);
  assert.equal(passes({ hosts: [], codes: [], owners: [], flags: [] }), true);
});

test("no status is class 0xx", () => {
  assert.equal(passes({ codes: ["0xx"] }, rowForTests({ code: 0 })), true);
});

test("a team sees what its own objects serve, and nothing that nobody serves", () => {
  const team: NamespaceScope = new Set(["team-shop"]);
  assert.equal(passes({}, rowForTests(), team), true);
  assert.equal(passes({}, rowForTests({ owner: { kind: "Ingress", namespace: "b", name: "b" } }), team), false);
  assert.equal(passes({}, rowForTests({ owner: undefined, host: "", code: 404 }), team), false);
  const filter = compileFilter({ namespaces: ["team-blog"] }, team);
  assert.equal(filter.row(rowForTests()), false, "asking for another namespace gives nothing");
  assert.equal(filter.upstream({ ...CART, namespace: "team-blog" }), false);
});

test("flows are narrowed by what they have, not by what only single requests have", () => {
  const flow = new FlowTable().flow(
    "e1",
    "http",
    "shop.localhost/Ingress/team-shop/shop/prefix /",
    "local/team-shop/cart/80",
  );
  assert.equal(compileFilter({ clusters: [CART], codes: ["5xx"], clients: ["x"] }, "all").flow(flow), true);
  assert.equal(compileFilter({ hosts: ["blog.localhost"] }, "all").flow(flow), false);
});

test("an upstream without requests is shown unless requests are asked for", () => {
  const idle = (filter: TrafficFilter) => compileFilter(filter, "all").idleUpstream(CART);
  assert.equal(idle({}), true);
  assert.equal(idle({ namespaces: ["team-shop"] }), true);
  assert.equal(idle({ clusters: [{ ...CART, service: "x" }] }), false);
  assert.equal(idle({ hosts: ["shop.localhost"] }), false);
});

test("a pin matches when all that it names does", () => {
  const row = rowForTests();
  assert.equal(matchesPin({ client: "192.0.2.1", host: "shop.localhost" }, row), true);
  assert.equal(matchesPin({ client: "192.0.2.1", host: "x" }, row), false);
  assert.equal(matchesPin({ requestId: row.requestId }, row), true);
});

test("a filter by Envoy narrows totals, rows and what is said of endpoints", () => {
  const flows = new FlowTable();
  const [first, second] = ["edge-1", "edge-2"].map((envoy) => flows.flow(envoy, "http", "h/Ingress/n/o/r", ""));
  assert.ok(first !== undefined && second !== undefined && first !== second);
  const filter = compileFilter({ envoys: ["edge-1"] }, "all");
  assert.deepEqual([filter.flow(first), filter.flow(second)], [true, false]);
  assert.deepEqual(
    [filter.row(rowForTests({ envoy: "edge-1" })), filter.row(rowForTests({ envoy: "edge-2" }))],
    [true, false],
  );
  assert.deepEqual([filter.envoy("edge-1"), filter.envoy("edge-2")], [true, false]);
  assert.equal(compileFilter({ envoys: [] }, "all").envoy("edge-2"), true);
});
