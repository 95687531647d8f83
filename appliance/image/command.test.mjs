import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

const COMMAND = readFileSync(new URL("binnacle.sh", import.meta.url), "utf8");

/** The command as a container's first process runs it; `controlPlane` and `pause` stand in for what it runs. */
function commandOf(folder, { controlPlane, pause }) {
  const file = join(folder, "control-plane.sh");
  writeFileSync(file, controlPlane);
  const replacements = [
    ['[ "$$" != 1 ] || ', ""],
    ["/usr/local/bin/node @FLAGS@ /opt/binnacle/src/cli.ts", `/bin/sh '${file}'`],
    ["/usr/local/bin/node -e 'setTimeout(() => {}, 1000)'", pause],
  ];
  return replacements.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `binnacle.sh has no ${from} any more`);
    return text.replace(from, () => to);
  }, COMMAND);
}

test("a signal between two control planes ends the container instead of being forgotten", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "binnacle-command-"));
  const envoy = join(folder, "envoy");
  copyFileSync("/bin/sleep", envoy);
  chmodSync(envoy, 0o755);
  const served = spawn(envoy, ["300"], { stdio: "ignore" });
  await once(served, "spawn");
  const command = commandOf(folder, {
    controlPlane: 'echo "control plane"; exit 7',
    pause: 'echo pause; kill -TERM "$$"',
  });
  const child = spawn("/bin/sh", ["-c", command, "binnacle", "up"], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => {
    for (const { pid } of [served, child]) if (pid !== undefined) tryToKill(pid);
    rmSync(folder, { recursive: true });
  });
  const ended = once(child, "close");
  const said = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    // It would go on like this.
    if (said.length > 4) child.kill("SIGKILL");
  }
  assert.deepEqual(await ended, [7, null]);
  assert.deepEqual(said, ["control plane", "pause"]);
});

function tryToKill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
