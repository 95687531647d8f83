import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

const handover = new URL("handover.mjs", import.meta.url).href;

/**
 * Starts a process that hands over to `child` (the text of a script), in a session without a terminal. It prints texts alone: where
 * the tests run at a terminal, their runner has numbers and lists printed in colours (FORCE_COLOR).
 */
function start(child, args = []) {
  const wrapper = `import { handOver } from ${JSON.stringify(handover)};
    handOver(process.execPath, ["-e", ${JSON.stringify(child)}, "x", ...process.argv.slice(1)], { ...process.env, GIVEN: "1" });`;
  return spawn(process.execPath, ["--input-type=module", "-e", wrapper, ...args], { detached: true });
}

async function printed(child) {
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  const [code, signal] = await once(child, "close");
  return { text, code, signal };
}

test("arguments and environment arrive, the exit code comes back", async () => {
  const result = await printed(
    start("console.log(JSON.stringify([process.argv.slice(2), process.env.GIVEN])); process.exit(7)", ["a b", "-c"]),
  );
  assert.deepEqual(result, { text: '[["a b","-c"],"1"]\n', code: 7, signal: null });
});

test("a death by signal comes back as the same signal", async () => {
  const result = await printed(start("process.kill(process.pid, 'SIGKILL')"));
  assert.equal(result.signal, "SIGKILL");
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${signal} is passed on once, and the program decides how to end`, async () => {
    const script = `let count = 0;
      process.on("${signal}", () => { count++; setImmediate(() => { console.log("${signal} " + count); process.exit(3); }); });
      setInterval(() => {}, 1000); console.log("ready");`;
    const child = start(script);
    const result = printed(child);
    await once(child.stdout, "data");
    child.kill(signal);
    assert.deepEqual(await result, { text: `ready\n${signal} 1\n`, code: 3, signal: null });
  });
}
