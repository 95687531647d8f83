import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { defaultConfig, loadConfig } from "#config/load-config.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const STEPS = join(import.meta.dirname, "quickstart/steps.ts");

suite("the README", () => {
  test("what it tells a newcomer to do works, on the ports that it names", async () => {
    const steps = spawn(...inNetworkOfItsOwn([process.execPath, STEPS]), {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(steps.stdout), text(steps.stderr), once(steps, "exit")]);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  });

  test("every configuration in it loads", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const examples = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example = ""]) => example);
    assert.ok(examples.length > 0);
    for (const example of examples) assert.deepEqual(loadConfig(example, "binnacle.yaml").problems, []);
  });

  test("the addresses in it are those of the defaults", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const { api, listeners } = defaultConfig();
    for (const { protocol, address, port } of listeners) assert.ok(readme.includes(`${protocol}://${address}:${port}`));
    assert.equal(api.address, "127.0.0.1");
    assert.ok(readme.includes(`http://binnacle.localhost:${api.port}/sign-in`));
  });
});

/**
 * The quick start has fixed ports, so it runs in a network namespace of its own, where nobody else has them. Where none can
 * be made, it runs in ours, and the ports have to be free.
 */
function inNetworkOfItsOwn(command: readonly string[]): [string, string[]] {
  for (const flags of ["-n", "-rn"]) {
    const enter = [flags, "sh", "-c", 'ip link set lo up && OWN_NETWORK=true exec "$@"', "sh"];
    if (spawnSync("unshare", [...enter, "true"]).status === 0) return ["unshare", [...enter, ...command]];
  }
  const [program = "", ...args] = command;
  return [program, args];
}
