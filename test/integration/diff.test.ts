import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Api } from "#api/api.ts";
import type { ChangePlan } from "#api/ports/diff.ts";
import { tokenHash } from "#api/auth/users.ts";
import { API_ADDRESS_FILE } from "#cli/api-client.ts";
import { startSimulated } from "../browser/simulated/start-simulated.ts";
import { binnacle } from "./support/cli.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { OTHER, OWN, twoTeams } from "./support/two-teams.ts";

const TOKEN = "t".repeat(43);
const stack = new AsyncDisposableStack();
let state = "";
let api: Api;

const write = async (name: string, ...texts: readonly string[]): Promise<string> => {
  const file = join(state, "manifests", name);
  await writeFile(file, together(...texts));
  return file;
};
const diff = (...argv: readonly string[]) => binnacle(state, "diff", ...argv);

before(async () => {
  state = stack.use(await temporaryDirectory("diff")).path;
  await mkdir(join(state, "manifests"));
  const views = await twoTeams({ after: (end) => stack.defer(end) });
  const users = [{ name: "sue", tokenHashes: [tokenHash("sues")], role: "viewer", namespaces: [OWN] } as const];
  api = stack.use(await startSimulated(state, TOKEN, { ...views, users }));
  await writeFile(join(state, "token"), `${TOKEN}\n`);
  await writeFile(join(state, API_ADDRESS_FILE), `${api.url}\n`);
  await writeFile(join(state, "sues"), "sues\n");
});

after(() => stack.disposeAsync());

suite("binnacle diff", () => {
  test("a file against what stands: a new host, and its Service", async () => {
    const file = await write("new.yaml", ingress(OWN, "new", "new.test", "new"), service(OWN, "new", []));
    const { code, stdout, stderr } = await diff(file, "-o", "json");
    assert.deepEqual([code, stderr], [1, ""]);
    const { objects, hosts, routes, envoy } = JSON.parse(stdout) as ChangePlan;
    assert.deepEqual(
      objects.added.map(({ kind, name }) => `${kind} ${name}`),
      ["Ingress new", "Service new"],
    );
    assert.deepEqual(hosts, [{ host: "new.test", to: OWN }]);
    assert.deepEqual(
      routes.map(({ change, host, route }) => `${change} ${host} ${route}`),
      ["added new.test prefix /"],
    );
    assert.deepEqual(
      envoy.map(({ type, added }) => `${type} ${added.join()}`),
      ["cluster local/team-shop/new/80", "endpoints local/team-shop/new/80", "virtualHost http/new.test"],
    );
  });

  test("what stands already is no difference, also without the time that it was given", async () => {
    const file = await write(
      "same.yaml",
      `{apiVersion: v1, kind: Service, metadata: {name: web, namespace: ${OWN}}, spec: {ports: [{port: 80}]}}`,
    );
    assert.deepEqual(await diff(file), { code: 0, stdout: "no difference\n", stderr: "" });
  });

  test("with --prune what is in no file would go; for a team that is its own", async () => {
    const file = join(state, "manifests", "same.yaml");
    const removed = async (...argv: readonly string[]) => {
      const { code, stdout, stderr } = await diff(file, "--prune", "-o", "json", ...argv);
      assert.deepEqual([code, stderr], [1, ""]);
      return (JSON.parse(stdout) as ChangePlan).objects.removed.map(({ kind, namespace }) => `${kind} ${namespace}`);
    };
    const own = [`Ingress ${OWN}`, `Secret ${OWN}`];
    const others = [`Ingress ${OTHER}`, `Secret ${OTHER}`, `Service ${OTHER}`];
    assert.deepEqual((await removed()).sort(), [...own, ...others, "Namespace ", "Namespace "].sort());
    assert.deepEqual(await removed("--api", api.url, "--token-file", join(state, "sues")), own);
  });

  test("a file with an object of another namespace, one that is missing, and an appliance that is not there: exit code 2", async () => {
    const file = await write("other.yaml", service(OTHER, "web", []));
    const foreign = await diff(file, "--api", api.url, "--token-file", join(state, "sues"));
    assert.equal(foreign.code, 2);
    assert.match(foreign.stderr, /Not your namespace: Service .* is in a namespace that you do not see\n {2}fix: /);
    const missing = await diff(join(state, "none.yaml"));
    assert.equal(missing.code, 2);
    assert.match(
      missing.stderr,
      /not all manifests can be read:\n {2}\S+none\.yaml: cannot read it: it does not exist/,
    );
    const nobody = await binnacle(join(state, "manifests"), "diff", file);
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /no appliance runs/);
  });

  test("two folders, without an appliance", async () => {
    const [old, now] = [join(state, "old"), join(state, "now")];
    await mkdir(old);
    await mkdir(now);
    await writeFile(join(old, "a.yaml"), together(ingress("team", "a", "a.test", "web"), service("team", "web", [])));
    await writeFile(join(now, "b.yaml"), together(ingress("team", "b", "b.test", "web"), service("team", "web", [])));
    const { code, stdout } = await binnacle(join(state, "manifests"), "diff", now, "--against", old);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /\+ Ingress team\/b\n {2}- Ingress team\/a\n/);
    assert.match(stdout, /~ a\.test: team → \(nobody that you see\)\n {2}~ b\.test: \(nobody that you see\) → team/);
    assert.equal((await binnacle(join(state, "manifests"), "diff", old, "--against", old)).code, 0);
  });

  test("several at a time all get their answer", async () => {
    const file = join(state, "manifests", "same.yaml");
    const codes = await Promise.all(Array.from({ length: 5 }, async () => (await diff(file)).code));
    assert.deepEqual(codes, [0, 0, 0, 0, 0]);
  });
});
