import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "./difference.ts";
import { discoveredKey } from "./discovered.ts";
import { discovered } from "./discovered-for-tests.ts";

const before = new Map(
  [discovered("a"), discovered("b"), discovered("c", ["10.0.0.1"], { scope: "other" })].map((service) => [
    discoveredKey(service),
    service,
  ]),
);

test("nothing where nothing changed, whatever objects say it", () => {
  assert.deepEqual(difference(before, structuredClone([...before.values()]), []), { upserts: [], removals: [] });
});

test("what was deleted while nobody looked is found: Gimbal left it for ever", () => {
  const { upserts, removals } = difference(before, [discovered("a", ["10.0.0.9"]), discovered("d")], []);
  assert.deepEqual(
    upserts.map(({ service }) => service),
    ["a", "d"],
  );
  assert.deepEqual(
    removals.map(({ service }) => service),
    ["b", "c"],
  );
});

test("a scope that could not be read keeps its services", () => {
  const { removals } = difference(before, [], ["other"]);
  assert.deepEqual(
    removals.map(({ service }) => service),
    ["a", "b"],
  );
});

test("a scope that could not be read keeps the services of its parts, and of no other", () => {
  const parts = ["east.team-a", "east", "west.team-a", "eastern"].map((scope) => discovered("a", [], { scope }));
  const known = new Map(parts.map((service) => [discoveredKey(service), service]));
  assert.deepEqual(
    difference(known, [], ["east"]).removals.map(({ scope }) => scope),
    ["west.team-a", "eastern"],
  );
});

test("a service that is told twice counts once", () => {
  const { upserts } = difference(new Map(), [discovered("a", ["10.0.0.1"]), discovered("a", ["10.0.0.2"])], []);
  assert.deepEqual(upserts, [discovered("a", ["10.0.0.1"])]);
});

test("a service that moves to another team leaves the one before", () => {
  const { upserts, removals } = difference(before, [discovered("a", ["10.0.0.1"], { namespace: "team-b" })], ["other"]);
  assert.deepEqual(
    upserts.map(({ service, namespace }) => [service, namespace]),
    [["a", "team-b"]],
  );
  assert.deepEqual(
    removals.map(({ service, namespace }) => [service, namespace]),
    [
      ["a", "team-shop"],
      ["b", "team-shop"],
    ],
  );
});
