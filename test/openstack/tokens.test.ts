import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Cloud, type Listing } from "#discovery/openstack/client/cloud.ts";
import { Keystone } from "#discovery/openstack/client/keystone.ts";
import { Transport } from "#discovery/openstack/client/transport.ts";
import type { ObservedRequest } from "#discovery/pkgcloud/requests.ts";
import { createOpenStackDiscoverer } from "#discovery/openstack/create.ts";
import { Followed } from "../contract/discovery/followed.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { Session } from "./support/admin.ts";
import { OpenStackBed } from "./support/openstack-bed.ts";

const never = new AbortController().signal;
/** Of Octavia, and of Nova: each service asks Keystone for itself what a token is worth. */
const LISTINGS = (["loadbalancers", "listeners", "pools", "healthmonitors", "servers"] as const).map(
  (what): Listing => ({ what }),
);

suite("tokens of the real Keystone that end before their time", { timeout: 600_000 }, () => {
  let bed: OpenStackBed;
  let admin: Session;
  let blue: Session;
  let folder: TemporaryDirectory;
  let password = "discoverer-pw";
  before(async () => {
    bed = await OpenStackBed.start();
    folder = await temporaryDirectory("openstack");
    admin = await Session.begin(bed, "admin", "admin", "admin");
    blue = await Session.begin(bed, "team-blue-user", "team-blue-user-pw", "team-blue");
  });
  after(async () => {
    await bed?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** A client whose clock stands, so that it renews no token by itself, and what it has asked. */
  const client = () => {
    const observed: ObservedRequest[] = [];
    const transport = new Transport({ timeout: 60_000, observe: (request) => observed.push(request) });
    const credentials = () =>
      Promise.resolve({ type: "password", username: "discoverer", userDomain: { name: "Default" }, password } as const);
    const keystone = new Keystone({ authUrl: bed.authUrl, credentials, transport, now: () => 0 });
    const cloud = new Cloud({ keystone, transport, interface: "public", region: "RegionOne", atOnce: 8 });
    const project = { id: blue.projectId, name: "team-blue" };
    return {
      keystone,
      scope: { projectId: project.id },
      /** How many objects each listing has; all are asked for at once. */
      list: async () => {
        const found = await Promise.all(LISTINGS.map((listing) => cloud.list(project, listing, never)));
        return found.map(({ length }) => length);
      },
      /** What was asked since the last look, in alphabetical order. */
      asked: () =>
        observed
          .splice(0)
          .map(({ resource, code }) => `${resource} ${code}`)
          .sort(),
      [Symbol.dispose]: () => keystone[Symbol.dispose](),
    };
  };
  const all = [1, 1, 1, 0, 2];
  /** All of them are refused, one asks for another token, and all ask again. */
  const refused = [
    "healthmonitors 200",
    "healthmonitors 401",
    "listeners 200",
    "listeners 401",
    "loadbalancers 200",
    "loadbalancers 401",
    "pools 200",
    "pools 401",
    "servers 200",
    "servers 401",
    "tokens 201",
  ];

  test("one that is revoked: 401 of each service, one authentication for all who were refused, everything found", async () => {
    using own = client();
    const { id } = await own.keystone.token(own.scope, never);
    await admin.revoke(id);
    own.asked();
    assert.deepEqual(await own.list(), all);
    assert.deepEqual(own.asked(), refused);
  });

  test("a password that is changed ends all tokens: what was found stays, and the new one is taken from its file", async () => {
    await using parts = new AsyncDisposableStack();
    const passwordFile = join(folder.path, "password");
    await writeFile(passwordFile, password);
    const codes: string[] = [];
    const discoverer = await createOpenStackDiscoverer({
      authUrl: bed.authUrl,
      region: "RegionOne",
      interface: "public",
      username: "discoverer",
      userDomain: "Default",
      passwordFile,
      interval: 100,
      timeout: 20_000,
      atOnce: 8,
      loadBalancers: true,
      namespaces: { allow: ["team-blue", "team-green"], deny: [], map: {} },
      refuse: () => undefined,
      observe: ({ resource, code }) => codes.push(`${resource} ${code}`),
      parts,
    });
    const followed = parts.use(new Followed(discoverer));
    await followed.settled;
    const known = followed.addresses;
    assert.deepEqual(Object.values(known).flat().sort(), ["10.88.1.1", "10.88.1.2", "10.88.2.1", "10.88.2.2"]);
    const { users } = (await admin.identity("GET", "/users?name=discoverer")) as { users: { id: string }[] };
    codes.length = 0;
    password = "another-pw";
    await admin.identity("PATCH", `/users/${users[0]?.id}`, { user: { password } });
    await until(() => followed.status.failure?.kind, { accept: (kind) => kind === "credentials", timeoutMs: 60_000 });
    assert.ok(codes.includes("projects 401"), codes.join());
    assert.ok(codes.includes("tokens 401"), codes.join());
    assert.equal(followed.status.state, "stale");
    assert.deepEqual(followed.addresses, known);
    await writeFile(passwordFile, password);
    await until(() => followed.status.state, { accept: (state) => state === "synced", timeoutMs: 60_000 });
    assert.deepEqual(followed.addresses, known);
  });

  test("one that expires, which each service sees for itself: as if it were revoked", async () => {
    await bed.tokensLast(15);
    using own = client();
    // Keystone is another process now: a service may answer 503 once, over its connection to the one before.
    const found = await until(() => own.list(), { what: "the services", timeoutMs: 60_000 });
    assert.deepEqual(found, all);
    const { id } = await own.keystone.token(own.scope, never);
    const headers = { "x-auth-token": id };
    const worth = async () => (await fetch(`${bed.authUrl}/v3/auth/projects`, { headers })).status;
    await until(worth, { accept: (code) => code === 401, what: "its end", timeoutMs: 60_000, intervalMs: 200 });
    own.asked();
    assert.deepEqual(await own.list(), all);
    assert.deepEqual(own.asked(), refused);
  });
});
