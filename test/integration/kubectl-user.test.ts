import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Api } from "#api/api.ts";
import type { UserSettings } from "#api/auth/users.ts";
import { LOCAL_NAMES } from "#api/guard/own-hosts.ts";
import { OwnAuthority } from "#api/tls/own-authority.ts";
import { API_ADDRESS_FILE } from "#cli/api-client.ts";
import { silentLogger } from "#lib/log.ts";
import { startSimulated } from "../browser/simulated/start-simulated.ts";
import { binnacle } from "./support/cli.ts";
import { findKubectl, Kubectl } from "./support/kubectl.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { OTHER, OWN, twoTeams } from "./support/two-teams.ts";
import { until } from "./support/until.ts";

const TOKEN = "t".repeat(43);
const stack = new AsyncDisposableStack();
let program = "";
let state = "";
let api: Api;

before(async () => {
  program = await findKubectl();
  state = stack.use(await temporaryDirectory("kubectl-user")).path;
  const names = LOCAL_NAMES.map((name) => name.replace(/^\[(.*)\]$/, "$1"));
  const ownAuthority = await OwnAuthority.open({ stateDirectory: state, names, log: silentLogger, now: Date.now });
  const views = await twoTeams({ after: (end) => stack.defer(end) });
  api = stack.use(await startSimulated(state, TOKEN, { ...views, ownAuthority }));
  await writeFile(join(state, "token"), `${TOKEN}\n`);
  await writeFile(join(state, API_ADDRESS_FILE), `${api.url}\n`);
});

after(() => stack.disposeAsync());

suite("kubectl of a user who sees one namespace", () => {
  let kubectl: Kubectl;

  before(async () => {
    const file = join(state, "sue");
    const made = await binnacle(state, "kubeconfig", "--user", "sue", "-n", OWN, "--output", file);
    assert.equal(made.code, 0, made.stderr);
    const [hash = ""] = /sha256:\w+/.exec(made.stderr) ?? [];
    kubectl = new Kubectl(program, file, state);
    assert.match((await kubectl.run("get", "svc")).stderr, /Unauthorized|must be logged in/, "before it is allowed");
    const sue: UserSettings = { name: "sue", tokenHashes: [hash], role: "viewer", namespaces: [OWN] };
    api.setUsers([sue]);
  });

  test("their namespace is the one that is meant, -A and namespaces show what is theirs", async () => {
    assert.equal(await kubectl.ok("get", "ingress", "-o", "name"), `ingress.networking.k8s.io/${OWN}\n`);
    assert.doesNotMatch(await kubectl.ok("get", "ingress,svc,secret", "-A", "-o", "json"), new RegExp(OTHER));
    assert.match(await kubectl.ok("get", "svc", "-A"), new RegExp(OWN));
    assert.equal(await kubectl.ok("get", "namespaces", "-o", "name"), `namespace/${OWN}\n`);
    assert.match(await kubectl.ok("describe", "ingress", OWN), new RegExp(`${OWN}.example`));
  });

  test("another's is Forbidden, in the words that kubectl's users know", async () => {
    const { code, stderr } = await kubectl.run("get", "services", "-n", OTHER);
    assert.equal(code, 1);
    const words = `services is forbidden: User "sue" cannot list resource "services" in API group "" in the namespace`;
    assert.ok(stderr.includes(`Error from server (Forbidden): ${words} "${OTHER}"`), stderr);
    assert.match((await kubectl.run("get", "ingress", "x", "-n", OTHER)).stderr, /Forbidden/);
  });

  test("get -w tells of their own", async () => {
    await using watching = new AsyncDisposableStack();
    const { lines } = kubectl.follow(watching, "get", "svc", "-A", "-w");
    // By name the other's would come first.
    await until(() => lines.some((line) => line.startsWith(OWN)), { what: "the Service" });
    assert.equal(lines.join("\n").includes(OTHER), false);
  });
});

test("a user's own token is taken from a file or standard input; the operator's is never written for another", async () => {
  const file = join(state, "token-of-sue");
  await writeFile(file, "sues-token\n");
  const made = await binnacle(state, "kubeconfig", "--user", "sue", "--token-file", file);
  assert.deepEqual([made.code, made.stderr], [0, ""]);
  assert.match(made.stdout, /token: sues-token\n/);
  assert.doesNotMatch(made.stdout, new RegExp(TOKEN));
  const missing = await binnacle(state, "kubeconfig", "--user", "sue", "--token-file", `${file}x`);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /could not read the token/);
  const without = await binnacle(state, "kubeconfig", "--token-file", file);
  assert.match(without.stderr, /--token-file needs --user/);
});
