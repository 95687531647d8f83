import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectsView, ObjectSummary } from "./ports/objects.ts";
import { steadyObjects } from "./steady-objects.ts";

test("a list that took long is used again for twenty times as long", () => {
  let time = 0;
  let made = 0;
  const view: ObjectsView = {
    list() {
      made++;
      time += 50;
      return [];
    },
    get: () => undefined,
  };
  const steady = steadyObjects(view, () => time);
  steady.list();
  assert.equal(made, 1);
  time += 999;
  steady.list();
  assert.equal(made, 1);
  time += 1;
  steady.list();
  assert.equal(made, 2);
});

test("one kind is cut from the same list", () => {
  const view: ObjectsView = { list: () => [object("Ingress"), object("Service")], get: () => undefined };
  assert.deepEqual(
    steadyObjects(view)
      .list("Service")
      .map(({ ref }) => ref.kind),
    ["Service"],
  );
});

function object(kind: "Service" | "Ingress"): ObjectSummary {
  return {
    ref: { kind, namespace: "a", name: "b" },
    inUse: "current",
    origin: { file: "a.yaml" },
    problems: [],
    columns: {},
  };
}
