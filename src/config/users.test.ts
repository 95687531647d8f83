import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load-config.ts";

const PASSWORD = `$scrypt$ln=15,r=8,p=3$${"A".repeat(22)}$${"A".repeat(43)}`;
const TOKEN = `sha256:${"0".repeat(64)}`;

const load = (users: string) => loadConfig(`api: {users: [${users}]}`, "binnacle.yaml");
const problems = (users: string) => load(users).problems.map(({ path, message }) => `${path}: ${message}`);

test("a user has a name, a way to come in, a role and where it holds", () => {
  const { config } = load(
    `{name: sue, passwordHash: "${PASSWORD}", role: operator, namespaces: [team-shop]},` +
      `{name: bot@ci, tokenHashes: ["${TOKEN}"], role: viewer, namespaces: all},` +
      `{name: root, passwordHash: "${PASSWORD}", role: admin}`,
  );
  assert.deepEqual(config?.api.users, [
    { name: "sue", passwordHash: PASSWORD, tokenHashes: [], role: "operator", namespaces: ["team-shop"] },
    { name: "bot@ci", tokenHashes: [TOKEN], role: "viewer", namespaces: "all" },
    { name: "root", passwordHash: PASSWORD, tokenHashes: [], role: "admin", namespaces: "all" },
  ]);
});

for (const [user, expected] of [
  [`{name: "a:b", passwordHash: "${PASSWORD}", role: admin}`, /users\[0\].name: .*expected letters/],
  [`{name: sue, role: admin}`, /users\[0\]: there is no way for them to come in/],
  [`{name: sue, tokenHashes: [], role: admin}`, /there is no way/],
  [`{name: sue, passwordHash: hunter2, role: admin}`, /passwordHash: found something else/],
  [`{name: sue, tokenHashes: [hunter2], role: admin}`, /tokenHashes\[0\]: found something else/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: root}`, /role: .*viewer, operator, admin/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: viewer}`, /namespaces: missing, a viewer/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: viewer, namespaces: []}`, /namespaces/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: viewer, namespaces: team-shop}`, /expected all, or a list/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: viewer, namespaces: [Team]}`, /namespaces/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: admin, namespaces: [team-shop]}`, /an admin's are all/],
  [`{name: sue, tokenHashes: ["${TOKEN}"], role: admin, password: hunter2}`, /password/],
] as const) {
  test(`refused, in words and without the secret: ${user.slice(0, 60)}`, () => {
    const found = problems(user);
    assert.equal(found.length, 1, found.join("; "));
    assert.match(found[0] ?? "", expected);
    assert.doesNotMatch(found[0] ?? "", /hunter2/);
  });
}

test("two users have neither the same name nor the same token", () => {
  const user = (name: string) => `{name: ${name}, tokenHashes: ["${TOKEN}"], role: admin}`;
  assert.deepEqual(problems(`${user("sue")}, ${user("ben")}`), [
    "api.users[1].tokenHashes[0]: the same token stands twice",
  ]);
  assert.equal(problems(`${user("sue")}, ${user("sue")}`).length, 2);
});
