import assert from "node:assert/strict";
import { test } from "node:test";
import { type Focus, focusedFilter, hashFromPlace, type Place, placeFromHash, shownPanel, START } from "./address.ts";

const UPSTREAM = { backend: "local", namespace: "team-shop", service: "cart", port: 8080 };
const PLACES: readonly Place[] = [
  START,
  { ...START, filter: { hosts: ["shop.localhost"], codes: ["5xx", 404], pathContains: "a b&c#d" } },
  { ...START, left: "flow", minutes: 15 },
  { ...START, left: "backends" },
  { ...START, left: "flow", panel: "charts" },
  { ...START, left: "talkers", at: 1_795_417_200_000 },
  { ...START, focus: { type: "route", host: "*.example.com", route: "team/x/0" } },
  { ...START, focus: { type: "route", host: "", route: "" } },
  { ...START, focus: { type: "cluster", upstream: UPSTREAM }, filter: { slowerThan: 200 } },
  { ...START, focus: { type: "endpoint", upstream: UPSTREAM, address: "[2001:db8::1]:80" } },
];

for (const place of PLACES) {
  test(`the address holds ${JSON.stringify(place)}`, () =>
    assert.deepEqual(placeFromHash(hashFromPlace(place)), place));
}

test("the plain address is the start", () => {
  assert.equal(hashFromPlace(START), "");
  assert.deepEqual(placeFromHash(""), START);
});

for (const hash of [
  "#minutes=7",
  "#at=yesterday",
  "#view=tables",
  "#focus-host=a",
  "#focus-cluster=nonsense",
  "#color=red",
  "#code=9xx",
  "#%",
  "#=&&",
]) {
  test(`an address with ${hash} opens without it`, () => assert.deepEqual(placeFromHash(hash), START));
}

test("a phone shows what a link of a wide screen shows, until another panel is chosen", () => {
  assert.deepEqual(
    ["", "#view=flow", "#view=flow&panel=routes", "#panel=nothing"].map((hash) => shownPanel(placeFromHash(hash))),
    ["requests", "flow", "routes", "requests"],
  );
});

test("what is in focus narrows the filter and leaves its other fields", () => {
  const focus: Focus = { type: "route", host: "a", route: "b" };
  assert.deepEqual(focusedFilter({ hosts: ["a", "c"], codes: ["5xx"] }, focus), {
    hosts: ["a"],
    routes: ["b"],
    codes: ["5xx"],
  });
  assert.deepEqual(focusedFilter({ codes: [404] }, undefined), { codes: [404] });
});
