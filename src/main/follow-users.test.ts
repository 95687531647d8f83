import assert from "node:assert/strict";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createLogger } from "#lib/log.ts";
import { temporaryDirectory } from "../../test/integration/support/temp-dir.ts";
import { until } from "../../test/integration/support/until.ts";
import { followUsers } from "./follow-users.ts";

const user = (name: string): string => `{name: ${name}, tokenHashes: ["sha256:${"0".repeat(64)}"], role: admin}`;

test("users are taken from the file as it changes; one with problems or none leaves them", async () => {
  await using home = await temporaryDirectory("users");
  const file = join(home.path, "binnacle.yaml");
  const applied: string[] = [];
  const lines: string[] = [];
  // In one go, as it is only for a moment that an editor which does otherwise leaves half a file.
  const write = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await write(`api: {users: [${user("sue")}]}`);
  using _following = followUsers({
    file,
    users: [],
    apply: (users) => applied.push(users.map(({ name }) => name).join()),
    log: createLogger({ level: "info", format: "text", write: (line) => void lines.push(line) }),
    every: 5,
  });
  const seen = (what: string, expected: readonly string[]) =>
    until(() => applied, { accept: () => applied.length === expected.length, what }).then(() =>
      assert.deepEqual(applied, expected),
    );
  const said = (words: RegExp) =>
    until(() => lines, { accept: () => lines.some((line) => words.test(line)), what: String(words) });

  await seen("the first look", ["sue"]);
  await write(`api: {users: [${user("ben")}]}`);
  await seen("the change", ["sue", "ben"]);
  await write(`api: {users: [{name: ben}]}`);
  await said(/the configuration has problems/);
  await rm(file);
  await said(/cannot read the configuration/);
  await write(`api: {users: [${user("ben")}], port: 8700}`);
  await write(`api: {}`);
  await seen("nobody left", ["sue", "ben", ""]);
});
