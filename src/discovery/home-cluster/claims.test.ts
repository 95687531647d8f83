import assert from "node:assert/strict";
import { test } from "node:test";
import { discovered } from "../discovered-for-tests.ts";
import { discoveredKey } from "../discovered.ts";
import { Claims } from "./claims.ts";

test("of several that want a name the first has it, until it wants it no more", () => {
  const claims = new Claims();
  const home = claims.upsert("a", discovered("b-c"));
  assert.equal(claims.upsert("a-b", discovered("c")), home);
  const holders = () => claims.at(home).map(({ backend, key }) => `${backend} ${key}`);
  assert.deepEqual(holders(), ["a team-shop/b-c", "a-b team-shop/c"]);
  claims.upsert("a", discovered("b-c", ["10.0.0.9"]));
  assert.deepEqual(holders(), ["a team-shop/b-c", "a-b team-shop/c"], "what changes keeps its place");
  claims.remove("a", discovered("b-c"));
  assert.deepEqual(holders(), ["a-b team-shop/c"]);
  claims.remove("a-b", discovered("c"));
  assert.deepEqual([...claims.homes()], []);
});

test("a service that moves to another team is where it moved to, in whatever order that is told", () => {
  const claims = new Claims();
  const [before, after] = [discovered("cart"), discovered("cart", ["10.0.0.1"], { namespace: "team-blog" })];
  claims.upsert("east", before);
  const home = claims.upsert("east", after);
  claims.remove("east", before);
  assert.equal(claims.homeOf("east", discoveredKey(after)), home);
  assert.deepEqual([...claims.homes()], [home]);
  assert.deepEqual(
    [...claims.of("east")].map((one) => one.home),
    ["team-blog/east-cart"],
  );
});
