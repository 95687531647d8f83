import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { tokenHash } from "#api/auth/users.ts";
import { run } from "#cli/program.ts";
import { ApiSetting } from "../browser/simulated/api-setting.ts";
import { listeningPort } from "./support/free-port.ts";
import { OTHER, OWN, twoTeams } from "./support/two-teams.ts";

/** A command of somebody who has no state directory, but an address and a token. */
async function binnacle(cwd: string, env: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const code = await run(argv, { version: "1", stdout, stderr, env: { HOME: cwd, ...env }, cwd, signal });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

test("status tells those who see everything of manifests that no object can be made of", async (t) => {
  const admin = { name: "ada", tokenHashes: [tokenHash("adas-token")], role: "admin", namespaces: [] } as const;
  const setting = await ApiSetting.start(t, { users: [admin] });
  await writeFile(setting.path("adas"), "adas-token\n");
  const argv = ["status", "--api", setting.api.url, "--token-file", "adas"];
  const { code, stdout } = await binnacle(setting.stateDirectory, {}, ...argv);
  assert.equal(code, 1);
  const lines = [
    "Source directory (these parts of it cannot be used)",
    "  error at metadata.namespace",
    "  found 65 characters, expected a DNS label of at most 63",
    "  fix: shorten it",
    "  manifests/team-harbour.yaml:7",
  ];
  assert.ok(stdout.includes(`\n${lines.join("\n")}\n`), stdout);
});

test("a user's commands show what is theirs, with a token of their own", async (t) => {
  const sue = { name: "sue", tokenHashes: [tokenHash("sues-token")], role: "viewer", namespaces: [OWN] } as const;
  const setting = await ApiSetting.start(t, { ...(await twoTeams(t)), users: [sue] });
  const cwd = setting.stateDirectory;
  await writeFile(setting.path("sues"), "sues-token\n");
  await writeFile(setting.path("wrong"), "wrong\n");
  await writeFile(setting.path("other"), "password: hidden\n");
  const byFlags = ["--api", `${setting.api.url}/`, "--token-file", "sues"];
  const byEnvironment = { BINNACLE_API: setting.api.url, BINNACLE_TOKEN_FILE: "sues" };

  for (const argv of [
    ["get", "all"],
    ["get", "ingresses", "-o", "json"],
    ["status"],
    ["top", "--once"],
    ["backends", "list"],
    ["backends", "services"],
  ]) {
    for (const { stdout, stderr } of [
      await binnacle(cwd, {}, ...argv, ...byFlags),
      await binnacle(cwd, byEnvironment, ...argv),
    ]) {
      assert.equal(stderr, "", argv.join(" "));
      assert.notEqual(stdout, "", argv.join(" "));
      assert.doesNotMatch(stdout, new RegExp(OTHER), argv.join(" "));
    }
  }
  assert.match((await binnacle(cwd, byEnvironment, "get", "ingresses")).stdout, new RegExp(OWN));

  const stranger = createServer((_request, response) => void response.end("<html>")).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  t.after(() => stranger.close());
  const upstream = `http://127.0.0.1:${listeningPort(stranger)}`;
  const refused: readonly (readonly [readonly string[], RegExp, code?: 2])[] = [
    [["status", "--api", setting.api.url], /there is no token for/],
    [
      ["status", "--api", setting.api.url, "--token-file", "none"],
      /could not read the token none: \S+none does not exist \(ENOENT\)/,
    ],
    [
      ["status", "--api", setting.api.url, "--token-file", "wrong"],
      /does not take the token in wrong\n {2}fix: ask an admin/,
    ],
    [
      ["tail", "--api", setting.api.url, "--token-file", "wrong"],
      /does not take the token in wrong\n {2}fix: ask an admin/,
    ],
    [["top", "--api", upstream, "--token-file", "sues"], /is not Binnacle's API: it answered something else than JSON/],
    // What a file holds that is no token may be another secret: it is not repeated.
    [["status", "--api", setting.api.url, "--token-file", "other"], /^binnacle: \S*other holds no token\n {2}fix: /],
    [["status", "--api", "https://127.0.0.1:1", "--token-file", "sues"], /nothing answers.*\n {2}fix: look whether/],
    [["status", "--api", "http://binnacle.example.com", "--token-file", "sues"], /in the clear\n {2}fix: use https/, 2],
    [["status", "--api", "binnacle", "--token-file", "sues"], /is no address/, 2],
    [["backends", "confirm", "east", ...byFlags], /Not allowed: this is for operators of all namespaces/],
    // Whoever names a state directory means the appliance there.
    [["status", "--state", "/nowhere"], /no appliance runs with the state directory \/nowhere/],
  ];
  for (const [argv, words, expected = 1] of refused) {
    const { code, stderr } = await binnacle(cwd, argv.includes("--state") ? byEnvironment : {}, ...argv);
    assert.equal(code, expected);
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, /sues-token/);
  }
});
