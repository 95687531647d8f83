import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTER_FIELDS, filterFromPairs, pairsFromFilter, tailCommand } from "./traffic-filter.ts";
import type { TrafficFilter } from "#traffic/messages.ts";

const EVERYTHING: TrafficFilter = {
  envoys: ["edge-1"],
  hosts: ["shop.localhost", "*.example.com"],
  routes: ["ingress/team-shop/shop/0"],
  namespaces: ["team-shop"],
  owners: [{ kind: "Ingress", namespace: "team-shop", name: "shop" }],
  clusters: [{ backend: "local", namespace: "team-shop", service: "cart", port: 80 }],
  endpoints: ["[2001:db8::1]:8080"],
  clients: ["192.0.2.1"],
  methods: ["POST"],
  pathPrefix: "/cart",
  pathContains: "check out's",
  codes: [404, "5xx", "0xx"],
  flags: ["UF"],
  slowerThan: 200,
  kept: ["failure"],
  requestId: "a1",
};

test("a filter with every field survives its way through pairs", () => {
  const pairs = pairsFromFilter(EVERYTHING);
  assert.deepEqual(filterFromPairs(pairs), { filter: EVERYTHING, problems: [] });
  assert.deepEqual(
    [...new Set(pairs.map(([name]) => name))],
    FILTER_FIELDS.map(({ name }) => name),
  );
});

test("the command line quotes what a shell would read otherwise", () => {
  const command = tailCommand({ hosts: ["*.example.com"], pathContains: "it's", codes: ["5xx"] });
  assert.equal(command, `binnacle tail --host '*.example.com' --path-contains 'it'\\''s' --code 5xx`);
});

test("every example of the vocabulary is understood", () => {
  for (const { name, example } of FILTER_FIELDS) {
    if (example !== "") assert.deepEqual(filterFromPairs([[name, example]]).problems, [], name);
  }
});

test("values are brought into one form", () => {
  const pairs = [
    ["method", "get"],
    ["flag", "uf"],
    ["code", "5XX"],
    ["slower-than", "1.5s"],
  ] as const;
  assert.deepEqual(filterFromPairs(pairs).filter, {
    methods: ["GET"],
    flags: ["UF"],
    codes: ["5xx"],
    slowerThan: 1500,
  });
});

for (const [name, value] of [
  ["hots", "shop.localhost"],
  ["host", " "],
  ["code", "6xx"],
  ["code", "99"],
  ["slower-than", "fast"],
  ["slower-than", "-1"],
  ["kept", "all"],
  ["flag", "U F"],
  ["owner", "Ingress/shop"],
  ["owner", "Ingress/a/b/c"],
  ["cluster", "team-shop/cart"],
  ["cluster", "local/team-shop/cart/http"],
] as const) {
  test(`${name}=${value} is refused with what to write instead, and the rest stands`, () => {
    const { filter, problems } = filterFromPairs([
      [name, value],
      ["host", "a.example"],
    ]);
    assert.deepEqual(filter, { hosts: ["a.example"] });
    assert.equal(problems.length, 1);
    assert.equal(problems[0]?.path, name);
    assert.ok(problems[0]?.fix);
  });
}
