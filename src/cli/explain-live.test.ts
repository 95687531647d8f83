import assert from "node:assert/strict";
import { test } from "node:test";
import type { Explanation } from "#api/ports/explain.ts";
import { rowForTests } from "#traffic/row-for-tests.ts";
import { differencesOf } from "./explain-live.ts";

const OWNER = { kind: "Ingress", namespace: "team-shop", name: "shop" } as const;
const UPSTREAM = { backend: "local", namespace: "team-shop", service: "cart", port: 80, notes: [], endpoints: [] };

const PREDICTED: Explanation = {
  summary: "",
  winner: { route: "prefix /", host: "shop.localhost", asks: "prefix /", owner: OWNER },
  losers: [],
  hiddenLosers: 0,
  steps: [],
  upstreams: [
    { ...UPSTREAM, cluster: "local/team-shop/cart/80", share: 1 },
    { ...UPSTREAM, cluster: "local/team-shop/next/80", service: "next", share: 0 },
  ],
  mirrors: [],
};

test("a request that did as predicted", () => {
  assert.deepEqual(differencesOf(PREDICTED, rowForTests()), []);
});

test("a failure of the upstream is no difference: it is where the request was to go", () => {
  assert.deepEqual(differencesOf(PREDICTED, rowForTests({ code: 503, flags: ["UF"] })), []);
});

test("each part that is otherwise is told", () => {
  const row = rowForTests({
    route: "prefix /cart",
    owner: { ...OWNER, name: "cart" },
    upstream: { backend: "local", namespace: "team-shop", service: "next", port: 80 },
  });
  assert.deepEqual(differencesOf(PREDICTED, row), [
    "route: predicted prefix /, and it was prefix /cart",
    "object: predicted Ingress team-shop/shop, and it was Ingress team-shop/cart",
    "upstream: predicted local/team-shop/cart/80, and it was local/team-shop/next/80",
  ]);
});

test("an answer of Envoy's own has the predicted status, unless a filter came before", () => {
  const direct: Explanation = { ...PREDICTED, upstreams: [], status: 301 };
  const own = rowForTests({ code: 404, details: "direct_response" });
  const bare = { ...own, upstream: undefined };
  assert.deepEqual(differencesOf(direct, bare), ["status: predicted 301, and it was 404"]);
  assert.deepEqual(differencesOf(direct, { ...bare, code: 403, details: "rbac_access_denied" }), []);
});

test("no route was predicted, and one took it", () => {
  const { winner: _winner, ...rest } = PREDICTED;
  assert.deepEqual(differencesOf({ ...rest, status: 404 }, rowForTests()), [
    "route: predicted none, and it was prefix /",
    "status: predicted 404, and it was 200",
  ]);
});
