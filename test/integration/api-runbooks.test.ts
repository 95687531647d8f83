import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { startSimulated } from "../browser/simulated/start-simulated.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";

const TOKEN = "0123456789abcdef0123456789abcdef0123456789a";

suite("runbooks", () => {
  test("an alert's link leads to its page, for who is signed in", async () => {
    await using directory = await temporaryDirectory("runbooks");
    const runbooksDirectory = join(directory.path, "runbooks");
    await mkdir(runbooksDirectory);
    await writeFile(join(runbooksDirectory, "EnvoyDown.md"), "# EnvoyDown\n\nSee `binnacle status`.\n");
    await writeFile(join(directory.path, "secret.md"), "no");
    await using api = await startSimulated(directory.path, TOKEN, { runbooksDirectory });
    const page = (path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
      fetch(`${api.url}${path}`, { headers, redirect: "manual" });

    const found = await page("/alerts/runbooks/EnvoyDown.md");
    assert.equal(found.status, 200);
    assert.match(found.headers.get("content-type") ?? "", /^text\/html/);
    assert.match(await found.text(), /<h1>EnvoyDown<\/h1>\n<p>See <code>binnacle status<\/code>/);

    assert.equal((await page("/alerts/runbooks/Nothing.md")).status, 404);
    assert.equal((await page("/alerts/runbooks/..%2Fsecret.md")).status, 404);
    assert.equal((await page("/alerts/runbooks/EnvoyDown.md", {})).status, 401);
  });
});
