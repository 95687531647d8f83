import assert from "node:assert/strict";
import { test } from "node:test";
import { type Membership, Memberships } from "./memberships.ts";

const CART: Membership = { cluster: "local/team-shop/cart/80", endpoints: 3, healthy: 2 };
const POSTS: Membership = { cluster: "local/team-blog/posts/80", endpoints: 1, healthy: 1 };

test("each Envoy's word stands beside the others', and goes with it", () => {
  const memberships = new Memberships();
  const say = (envoy: string, changed: readonly Membership[], gone: readonly string[] = [], fresh = false) =>
    memberships.apply({ envoy, changed, gone, fresh });
  assert.deepEqual(say("edge-1", [CART, POSTS]), [CART.cluster, POSTS.cluster]);
  assert.deepEqual(say("edge-2", [{ ...CART, healthy: 3 }]), [CART.cluster]);
  assert.deepEqual(memberships.of(CART.cluster), [
    { envoy: "edge-1", healthy: 2, endpoints: 3 },
    { envoy: "edge-2", healthy: 3, endpoints: 3 },
  ]);
  assert.deepEqual(say("edge-1", [], [POSTS.cluster]), [POSTS.cluster]);
  assert.equal(memberships.has(POSTS.cluster), false);
  // Another process: what the one before said does not hold.
  assert.deepEqual(say("edge-1", [POSTS], [], true), [CART.cluster, POSTS.cluster]);
  assert.deepEqual(memberships.of(CART.cluster), [{ envoy: "edge-2", healthy: 3, endpoints: 3 }]);
  assert.deepEqual(memberships.forget("edge-2"), [CART.cluster]);
  assert.deepEqual([...memberships.names()], [POSTS.cluster]);
});
