import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword } from "#lib/password-hash.ts";
import { isTokenHash, tokenHash, Users, type UserSettings } from "./users.ts";

const SHOP: UserSettings = {
  name: "shop",
  tokenHashes: [tokenHash("one"), tokenHash("two")],
  role: "operator",
  namespaces: ["team-shop"],
};

test("a token is its user's, with the user's rights", () => {
  const users = new Users([SHOP, { ...SHOP, name: "root", tokenHashes: [tokenHash("three")], role: "admin" }]);
  const scope = new Set(["team-shop"]);
  assert.deepEqual(users.ofToken("two")?.principal, { name: "shop", namespaces: scope, operates: scope, admin: false });
  assert.deepEqual(users.ofToken("three")?.principal, {
    name: "root",
    namespaces: "all",
    operates: "all",
    admin: true,
  });
  assert.equal(users.ofToken(tokenHash("one")), undefined, "what stands in the file lets nobody in");
  assert.ok(isTokenHash(tokenHash("one")));
});

test("whoever came in stays until their credential, role or namespaces change, or they are gone", async () => {
  const shop = { ...SHOP, passwordHash: await hashPassword("hunter2") };
  const users = new Users([shop]);
  const byToken = users.ofToken("one")?.grounds;
  const byPassword = users.ofPassword("shop", shop.passwordHash)?.grounds;
  assert.ok(byToken?.type === "user" && byPassword?.type === "user");
  const standing = (changes: Partial<UserSettings> | undefined): readonly boolean[] => {
    users.replace(changes === undefined ? [] : [{ ...shop, ...changes }]);
    return [users.standing(byToken) !== undefined, users.standing(byPassword) !== undefined];
  };
  assert.deepEqual(standing({}), [true, true]);
  assert.deepEqual(standing({ tokenHashes: [tokenHash("one"), tokenHash("new")] }), [true, true]);
  assert.deepEqual(standing({ tokenHashes: [tokenHash("two")] }), [false, true]);
  assert.deepEqual(standing({ passwordHash: `${shop.passwordHash}x` }), [true, false]);
  assert.deepEqual(standing({ role: "viewer" }), [false, false]);
  assert.deepEqual(standing({ namespaces: ["team-shop", "team-blog"] }), [false, false]);
  assert.deepEqual(standing({ name: "other" }), [false, false]);
  assert.deepEqual(standing(undefined), [false, false]);
});

test("a password that was replaced while it was being checked lets nobody in", async () => {
  const before = await hashPassword("hunter2");
  const users = new Users([{ ...SHOP, passwordHash: before }]);
  users.replace([{ ...SHOP, passwordHash: await hashPassword("hunter3") }]);
  assert.equal(users.ofPassword("shop", before), undefined);
});
