import assert from "node:assert/strict";
import { test } from "node:test";
import { rowForTests } from "./row-for-tests.ts";
import { topTalkers } from "./talkers.ts";

const ANY = () => true;

test("who makes most of the traffic comes first, as what the rows stand for", () => {
  const rows = [
    rowForTests({ time: 10_000, client: "a", weight: 20, path: "/x?a=…" }),
    rowForTests({ time: 9000, client: "b", code: 500, path: "/x?b=…" }),
    rowForTests({ time: 5000, client: "b", path: "/y" }),
  ];
  const { clients, paths } = topTalkers(rows, ANY, 15_000);
  assert.deepEqual(clients, [
    { value: "a", perSecond: 2, errorRatio: 0 },
    { value: "b", perSecond: 0.2, errorRatio: 0.5 },
  ]);
  assert.deepEqual(
    paths.map(({ value }) => value),
    ["shop.localhost/x", "shop.localhost/y"],
  );
});

test("only the last minute, only what passes, at most ten", () => {
  const rows = Array.from({ length: 30 }, (_, index) => rowForTests({ time: 100_000 - index, client: `c${index}` }));
  const old = rowForTests({ time: 1000, client: "old" });
  const { clients } = topTalkers([...rows, old], ({ client }) => client !== "c0", 100_000);
  assert.equal(clients.length, 10);
  assert.ok(clients.every(({ value }) => value !== "c0" && value !== "old"));
});

test("what has no name is no talker", () => {
  const { agents, routes } = topTalkers([rowForTests({ userAgent: "", route: "" })], ANY, 2000);
  assert.deepEqual([agents, routes], [[], []]);
});
