import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { errorMessage } from "#lib/error-message.ts";
import { takeLock } from "./lock-file.ts";
import { identify } from "./process-identity.ts";
import { lookIntoStateDirectory, openStateDirectory, StateUnusableError } from "./state-directory.ts";

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "binnacle-state-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

test("a new one is private, with a token and room for sockets", async (t) => {
  const path = join(folder(t), "a", "state");
  using state = await openStateDirectory({ path, socketAlternatives: [] });
  assert.match(state.token, /^[\w-]{43}$/);
  assert.equal(state.socket("xds.sock"), join(path, "run", "xds.sock"));
  assert.deepEqual([path, join(path, "token"), state.sockets, state.folder("envoy")].map(mode), [
    "700",
    "600",
    "700",
    "700",
  ]);
});

test("the token stays, and what was open to others is closed", async (t) => {
  const path = folder(t);
  const first = await openStateDirectory({ path, socketAlternatives: [] });
  first[Symbol.dispose]();
  chmodSync(join(path, "token"), 0o644);
  chmodSync(path, 0o755);
  using second = await openStateDirectory({ path, socketAlternatives: [] });
  assert.equal(second.token, first.token);
  assert.deepEqual([mode(path), mode(join(path, "token"))], ["700", "600"]);
  assert.equal(lookIntoStateDirectory(path).token, first.token);
});

test("a second one is told who is in", async (t) => {
  const path = folder(t);
  const first = await openStateDirectory({ path, socketAlternatives: [] });
  await assert.rejects(
    openStateDirectory({ path, socketAlternatives: [] }),
    new RegExp(`process ${process.pid} uses the state directory ${path}`),
  );
  first[Symbol.dispose]();
  using _ = await openStateDirectory({ path, socketAlternatives: [] });
});

test("the lock of a process that has died, of another boot, or torn, is taken over by exactly one", async (t) => {
  const self = identify(process.pid);
  assert.ok(self !== undefined);
  const id = "11111111-1111-4111-8111-111111111111";
  const stale = [
    JSON.stringify({ ...self, startTicks: self.startTicks - 1, id }),
    JSON.stringify({ ...self, bootId: "another", id }),
    '{"pid": 1',
    "",
  ];
  for (const content of stale) {
    const path = join(folder(t), "lock");
    writeFileSync(path, content);
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => takeLock(path)));
    const taken = outcomes.filter((outcome) => outcome.status === "fulfilled");
    assert.equal(taken.length, 1, `${content}: ${JSON.stringify(outcomes)}`);
    assert.deepEqual(readdirSync(join(path, "..")), ["lock"], "nothing is left lying about");
    taken[0]?.value[Symbol.dispose]();
    assert.deepEqual(readdirSync(join(path, "..")), []);
  }
});

test("letting go of a lock that somebody else has by now does nothing", async (t) => {
  const path = join(folder(t), "lock");
  const lock = await takeLock(path);
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(/"id":"[^"]*"/, '"id":"22222222-2222-4222-8222-222222222222"'),
  );
  lock[Symbol.dispose]();
  assert.match(readFileSync(path, "utf8"), /22222222/);
});

test("where a socket's path would be too long, the sockets go elsewhere, and stay there", async (t) => {
  const base = folder(t);
  const path = join(base, "x".repeat(80), "state");
  const run = join(base, "run");
  const first = await openStateDirectory({ path, socketAlternatives: ["/tmp/".padEnd(90, "y"), run] });
  first[Symbol.dispose]();
  assert.match(first.sockets, new RegExp(`^${run}/binnacle-[0-9a-f]{10}$`));
  assert.equal(mode(first.sockets), "700");
  using second = await openStateDirectory({ path, socketAlternatives: [] });
  assert.equal(second.sockets, first.sockets);
  assert.equal(lookIntoStateDirectory(path).socket("xds.sock"), first.socket("xds.sock"));
  assert.throws(() => second.socket("z".repeat(80)), /cannot be as long/);
});

test("by another name it is the same", async (t) => {
  const base = folder(t);
  const path = join(base, "state");
  const first = await openStateDirectory({ path, socketAlternatives: [] });
  symlinkSync(path, join(base, "link"));
  await assert.rejects(
    openStateDirectory({ path: join(base, "link"), socketAlternatives: [] }),
    /uses the state directory/,
  );
  first[Symbol.dispose]();
  using again = await openStateDirectory({ path: join(base, "link"), socketAlternatives: [] });
  assert.deepEqual([again.path, again.token], [first.path, first.token]);
});

test("nowhere short enough is an error that says what would be", async (t) => {
  const path = join(folder(t), "x".repeat(80));
  await assert.rejects(openStateDirectory({ path, socketAlternatives: [] }), /75 for its folder.*shorter path/);
  // A start that failed half way holds nothing.
  await takeLock(join(path, "lock"));
});

test("a link or a file that waits where the sockets would go is not used", async (t) => {
  const base = folder(t);
  const path = join(base, "state");
  mkdirSync(path);
  symlinkSync(tmpdir(), join(path, "run"));
  using state = await openStateDirectory({ path, socketAlternatives: [join(base, "alternative")] });
  assert.ok(state.sockets.startsWith(join(base, "alternative")));
});

test("files that a start was torn away from are made anew", async (t) => {
  const path = folder(t);
  writeFileSync(join(path, "token"), "");
  writeFileSync(join(path, "sockets"), "");
  using state = await openStateDirectory({ path, socketAlternatives: [] });
  assert.match(state.token, /^[\w-]{43}$/);
  assert.equal(mode(join(path, "token")), "600");
  assert.equal(lookIntoStateDirectory(path).socket("xds.sock"), state.socket("xds.sock"));
});

test("what stands as it is to be is not written again: a full disk would empty it", async (t) => {
  const path = folder(t);
  const first = await openStateDirectory({ path, socketAlternatives: [] });
  first[Symbol.dispose]();
  const written = () => ["token", "sockets"].map((name) => statSync(join(path, name), { bigint: true }).mtimeNs);
  const before = written();
  using second = await openStateDirectory({ path, socketAlternatives: [] });
  assert.equal(second.token, first.token);
  assert.deepEqual(written(), before);
});

test("a token file that holds something else is not taken for a token", async (t) => {
  const path = folder(t);
  writeFileSync(join(path, "token"), "secret\n");
  await assert.rejects(openStateDirectory({ path, socketAlternatives: [] }), /holds no token .*remove it/);
  assert.throws(() => lookIntoStateDirectory(join(path, "nowhere")), /is the appliance running/);
});

test("one that cannot be had is told with the reason, and none is waited for for ever", async (t) => {
  const base = folder(t);
  writeFileSync(join(base, "file"), "");
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      join(base, "file"),
      /^could not use the state directory \S+\/file: it is there already, as something else \(EEXIST\)$/,
    ],
    [join(base, "file", "below"), /\/file\/below: it leads through a file that is no folder \(ENOTDIR\)$/],
    ["/proc/nowhere", /^could not use the state directory \/proc\/nowhere: it does not exist \(ENOENT\)$/],
    [
      "/proc/nowhere/below",
      /^could not use the state directory \/proc\/nowhere\/below: \/proc\/nowhere does not exist \(ENOENT\)$/,
    ],
  ];
  for (const [path, words] of cases) {
    const error: unknown = await openStateDirectory({ path, socketAlternatives: [] }).catch(
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof StateUnusableError, path);
    assert.match(errorMessage(error), words);
  }
});
