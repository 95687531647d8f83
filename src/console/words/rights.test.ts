import assert from "node:assert/strict";
import { test } from "node:test";
import type { PrincipalAnswer } from "#api/answers.ts";
import { mayPin, maySilence, whoWords } from "./rights.ts";

const sue: PrincipalAnswer = { name: "sue", role: "operator", namespaces: ["blog", "shop"], operates: ["shop"] };

test("who is signed in is said with role and namespaces", () => {
  for (const [changes, words] of [
    [{}, "sue, operator of shop, viewer of blog"],
    [{ role: "viewer", operates: [] }, "sue, viewer of blog, shop"],
    [{ role: "viewer", namespaces: "all", operates: [] }, "sue, viewer of all namespaces"],
    [{ namespaces: "all" }, "sue, operator of shop, viewer of all namespaces"],
    [{ namespaces: "all", operates: "all" }, "sue, operator of all namespaces"],
    [{ namespaces: "all", operates: "all", role: "admin" }, "sue, admin"],
    [{ role: "viewer", namespaces: [], operates: [] }, "sue, sees no namespace"],
  ] as const) {
    assert.equal(whoWords({ ...sue, ...changes }), words);
  }
});

test("what the server would refuse is not offered", () => {
  assert.equal(maySilence(sue, { namespace: "shop" }), true);
  assert.equal(maySilence(sue, { team: "shop" }), true);
  assert.equal(maySilence(sue, { namespace: "blog" }), false);
  assert.equal(maySilence(sue, {}), false);
  assert.equal(maySilence({ ...sue, operates: "all" }, {}), true);
  assert.equal(mayPin(sue), true);
  assert.equal(mayPin({ ...sue, role: "viewer" }), false);
  assert.equal(mayPin(undefined), true);
});
