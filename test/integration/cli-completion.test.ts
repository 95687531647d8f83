import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { SHELLS } from "#cli/completion/shells.ts";
import { run } from "#cli/program.ts";
import { completingBash, type CompletingShell, completingShell, whyNot } from "./support/completing-shell.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";

/** What is typed behind `binnacle `, the last word unfinished; and what any shell offers for it. */
const OFFERED: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ["ba", ["backends"]],
  ["backends ", ["confirm", "help", "list", "remove", "restore", "services", "show", "teams"]],
  ["backends re", ["remove", "restore"]],
  ["user ", ["hash", "help", "token"]],
  ["help exp", ["explain"]],
  ["backends help con", ["confirm"]],
  ["completion ", ["bash", "fish", "zsh"]],
  // Kinds, also behind a flag and its value, and no second time.
  ["get ingr", ["ingressclasses", "ingresses", "ingressroutes"]],
  ["get -n team-shop sec", ["secrets"]],
  ["get ingresses sec", []],
  // Flags, and what they take.
  ["get --all", ["--all-namespaces"]],
  ["backends remove os-west --d", ["--drain-time", "--dry-run"]],
  ["get ing -o ", ["json", "name", "table", "wide", "yaml"]],
  ["get ing --output y", ["yaml"]],
  ["backends list -o w", ["wide"]],
  ["crds --kind HTTP", ["HTTPProxy"]],
  // Files where files are meant, folders where folders are, and nothing where nobody knows.
  ["up --config bin", ["binnacle.yaml"]],
  ["check sho", ["shop.yaml"]],
  ["check shop.yaml bl", ["blog.yaml"]],
  ["status --state sta", ["state"]],
  ["tail --host ", []],
  ["tail --host get s", []],
];

async function printed(...argv: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const { signal } = new AbortController();
  const code = await run(argv, { version: "1", stdout, stderr: process.stderr, env: {}, cwd: "/", signal });
  assert.equal(code, 0);
  return text(stdout.end());
}

for (const shell of SHELLS) {
  suite(`completion in ${shell}`, { skip: whyNot(shell) }, () => {
    const stack = new AsyncDisposableStack();
    let completing: CompletingShell;
    let folder = "";

    before(async () => {
      ({ path: folder } = stack.use(await temporaryDirectory("completion")));
      for (const name of ["binnacle.yaml", "shop.yaml", "blog.yaml", "state.txt"])
        await writeFile(join(folder, name), "");
      await mkdir(join(folder, "state"));
      completing = stack.use(await completingShell(shell, folder, await printed("completion", shell)));
    });
    after(() => stack.disposeAsync());

    test("offers every command that help names", async () => {
      const help = await printed("--help");
      const named = [...help.matchAll(/^  ([a-z][\w-]+) +\S/gm)].map(([, name = ""]) => name).sort();
      assert.ok(named.length > 15, help);
      assert.deepEqual(await completing.offers(""), named);
    });

    test("offers what may follow, and nothing else", async () => {
      for (const [typed, offered] of OFFERED) assert.deepEqual(await completing.offers(typed), offered, typed);
    });
  });
}

test("bash completes what is typed at a TAB, with = and with several values, too", async () => {
  await using folder = await temporaryDirectory("completion-tab");
  await writeFile(join(folder.path, "two words.yaml"), "");
  await using bash = await completingBash(folder.path, await printed("completion", "bash"));
  assert.equal(await bash.completes("get ingresses --output=ya"), "get ingresses --output=yaml ");
  assert.equal(await bash.completes("crds --kind HTTPProxy Ing"), "crds --kind HTTPProxy IngressRoute ");
  assert.equal(await bash.completes("check two"), "check two\\ words.yaml ");
});
