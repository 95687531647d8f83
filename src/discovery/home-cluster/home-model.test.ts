import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { HomeModel } from "./home-model.ts";

const SLICE: ObjectRef = { kind: "EndpointSlice", namespace: "team-shop", name: "east-cart-1a2b-0" };
const SERVICE: ObjectRef = { kind: "Service", namespace: "team-shop", name: "east-cart" };
const EAST = { "gimbal.projectcontour.io/backend": "east" };
const CART = { "binnacle.dev/upstream": "shop/cart" };

function object(
  resourceVersion: string,
  labels: Readonly<Record<string, string>> = {},
  annotations: Readonly<Record<string, string>> = {},
  uid = "1",
): KubeObject {
  return { metadata: { resourceVersion, uid, labels, annotations } };
}

test("a discovered object belongs where its identity says, whatever its other labels say", () => {
  const model = new HomeModel();
  const moved = { ...EAST, "kubernetes.io/service-name": "somebody-else" };
  assert.deepEqual(model.see(SLICE, object("1", moved, CART), undefined), ["team-shop/east-cart"]);
  assert.deepEqual(
    model.at("team-shop/east-cart" as never).map(({ ref }) => ref),
    [SLICE],
  );
  // Without our annotation it is where its Service is, as Gimbal's are.
  const gimbals = { ...EAST, "kubernetes.io/service-name": "east-blog" };
  assert.deepEqual(model.see(SLICE, object("2", gimbals), undefined), ["team-shop/east-cart", "team-shop/east-blog"]);
  assert.deepEqual(model.at("team-shop/east-cart" as never), []);
});

test("what is known already, and what is older, is no news; an object made anew is", () => {
  const model = new HomeModel();
  model.see(SERVICE, object("10", EAST, CART), undefined);
  assert.deepEqual(model.see(SERVICE, object("10", EAST, CART), undefined), []);
  assert.deepEqual(model.see(SERVICE, object("9", {}, {}), undefined), []);
  assert.equal(model.get(SERVICE)?.backend, "east");
  assert.deepEqual(model.see(SERVICE, object("9", EAST, CART, "2"), undefined), ["team-shop/east-cart"]);
  assert.deepEqual(model.gone(SERVICE), ["team-shop/east-cart"]);
  assert.deepEqual(model.gone(SERVICE), []);
});

test("what was listed or read just now counts also where its version is earlier: the API's data was restored", () => {
  const model = new HomeModel();
  model.see(SERVICE, object("10", EAST, CART), undefined);
  assert.deepEqual(model.see(SERVICE, object("9"), undefined, true), ["team-shop/east-cart"]);
  assert.equal(model.get(SERVICE)?.resourceVersion, "9");
});

test("an object that was not discovered is known by its name, and is of no backend", () => {
  const model = new HomeModel();
  assert.deepEqual(model.see(SERVICE, object("1"), undefined), ["team-shop/east-cart"]);
  assert.equal(model.get(SERVICE)?.backend, undefined);
  assert.deepEqual([...model.discovered()], []);
});

test("a namespace is there, ends, and is missing", () => {
  const model = new HomeModel();
  const ending: KubeObject = { metadata: { deletionTimestamp: "2026-01-31T12:00:00Z" } };
  assert.equal(model.namespace("shop"), "missing");
  const steps = [object("1"), object("2"), ending, undefined].map((seen) => [
    model.seeNamespace("shop", seen),
    model.namespace("shop"),
  ]);
  assert.deepEqual(steps, [
    [true, "there"],
    [false, "there"],
    [true, "ending"],
    [true, "missing"],
  ]);
});
