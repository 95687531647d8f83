import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { inRoot } from "../../setup/paths.mjs";
import { loadedByCommand } from "./loaded-by-command.mjs";

/** Those that begin to work when they are loaded: the command, the snapshot server and threads. */
const PROGRAMS = /^src\/(cli|snapshot-server\/(main|serve)|.*-(thread|worker))\.ts$/;

/** Loads the files named by its arguments, and prints the paths of all that was loaded for them. */
const LOAD = `import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
const loaded = new Set();
registerHooks({ load: (url, context, next) => (loaded.add(url), next(url, context)) });
for (const path of process.argv.slice(1)) await import(pathToFileURL(path));
console.log("\\n" + [...loaded].filter((url) => url.startsWith("file:")).join("\\n"));
process.exit();`;

test("nothing that is loaded is left out", () => {
  const { files } = loadedByCommand();
  const own = [...files].filter((file) => /^src\/.*\.ts$/.test(file) && !PROGRAMS.test(file));
  assert.ok(own.length > 500);
  const args = ["--input-type=module", "--eval", LOAD, "--", ...own.map((file) => inRoot(file))];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 24 });
  assert.equal(status, 0, stderr);
  const loaded = stdout
    .match(/^file:.*$/gm)
    .map((url) => decodeURIComponent(url).replace(/^.*?\/(?=(src|node_modules|examples)\/)/, ""));
  assert.ok(loaded.some((file) => file.startsWith("node_modules/pkgcloud/")));
  assert.deepEqual(loaded.filter((file) => !files.has(file)).sort(), []);
});

test("what is for development, tests or types is none of it, nor another of pkgcloud's clouds", () => {
  const { files } = loadedByCommand();
  const strays =
    /\.(test|d)\.[cm]?ts$|-for-tests\.ts$|^src\/console\/|node_modules\/(vite|typescript)\/|pkgcloud\/lib\/pkgcloud\/(amazon|google|hp|oneandone|rackspace)\//;
  assert.deepEqual(
    [...files].filter((file) => strays.test(file)),
    [],
  );
});
