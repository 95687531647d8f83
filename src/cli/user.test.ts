import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { isTokenHash, tokenHash } from "#api/auth/users.ts";
import { isPassword, parsePasswordHash } from "#lib/password-hash.ts";
import { run } from "./program.ts";

/** Runs a command with what is typed or piped, a line at each question. */
async function binnacle(argv: readonly string[], input: { readonly piped: string } | { readonly typed: string[] }) {
  const stdin = Object.assign(new PassThrough(), { isTTY: "typed" in input });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const typed = "typed" in input ? [...input.typed] : [];
  if ("piped" in input) stdin.end(input.piped);
  let said = "";
  stderr.on("data", (data: Buffer) => {
    said += data.toString();
    if (/(Password|Again): $/.test(said)) stdin.write(typed.shift() ?? "\u0003");
  });
  const { signal } = new AbortController();
  const code = await run(argv, { version: "1", stdout, stderr, stdin, env: {}, cwd: "/", signal });
  stdout.end();
  return { code, stdout: await text(stdout), stderr: said };
}

async function isHashOf(password: string, output: string): Promise<boolean> {
  const hash = parsePasswordHash(output.trim());
  return hash !== undefined && (await isPassword(password, hash));
}

test("a password is hashed from a pipe, without the line's end", async () => {
  const { code, stdout } = await binnacle(["user", "hash"], { piped: "correct horse battery\n" });
  assert.equal(code, 0);
  assert.ok(await isHashOf("correct horse battery", stdout));
});

test("at a terminal it is asked for twice, corrected with backspace, and never shown", async () => {
  const typed = ["correct horse batterx\u007fy\n", "correct horse battery\n"];
  const { code, stdout, stderr } = await binnacle(["user", "hash"], { typed });
  assert.equal(code, 0, stderr);
  assert.ok(await isHashOf("correct horse battery", stdout));
  assert.doesNotMatch(stdout + stderr, /horse/);
});

for (const [what, typed, words] of [
  ["two that differ", ["correct horse battery\n", "correct horse\n"], /not the same/],
  ["a short one", ["hunter2\n", "hunter2\n"], /7 characters/],
  ["Ctrl-C", ["\u0003"], /stopped/],
] as const) {
  test(`no hash for ${what}`, async () => {
    const { code, stdout, stderr } = await binnacle(["user", "hash"], { typed: [...typed] });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, words);
  });
}

test("a token comes alone on standard output, its hash beside it", async () => {
  const { code, stdout, stderr } = await binnacle(["user", "token"], { piped: "" });
  assert.equal(code, 0);
  assert.match(stdout, /^binnacle_[\w-]{43}\n$/);
  const hash = tokenHash(stdout.trim());
  assert.ok(isTokenHash(hash) && stderr.includes(hash));
});
