import assert from "node:assert/strict";
import { test } from "node:test";
import { endReason, lastWords } from "./last-words.ts";

const HEAD = "[2026-11-23T06:18:31.040+0000]";

test("a refused configuration is said without Envoy's wrapping", () => {
  const log = [
    `${HEAD}[warning][main] There is no configured limit`,
    `${HEAD}[error][config] listener 'binnacle_stats' failed to bind or apply socket options`,
    `${HEAD}[critical][main] error \`cannot bind '127.0.0.1:18601': Address already in use\` initializing config 'goo.gle/debugproto   `,
    "  b.json'",
    "cannot bind '127.0.0.1:18601': Address already in use",
    "",
  ].join("\n");
  assert.equal(lastWords(log), "cannot bind '127.0.0.1:18601': Address already in use");
});

test("a reason of several lines is whole", () => {
  const log = `${HEAD}[critical][main] error \`Unable to parse JSON: {"a": \n\` initializing config 'x'\nUnable\n`;
  assert.equal(lastWords(log), 'Unable to parse JSON: {"a":');
});

test("a crash is named by its signal, not by its backtrace", () => {
  const log = [
    `${HEAD}[critical][backtrace] Caught Segmentation fault, suspect faulting address 0x3e85`,
    `${HEAD}[critical][backtrace] Backtrace (use tools/stack_decode.py to get line numbers):`,
    `${HEAD}[critical][backtrace] #0: [0x7f3409650050]`,
  ].join("\n");
  assert.equal(lastWords(log), "crashed: Segmentation fault");
});

test("what is no log line of Envoy's is taken when there is nothing better", () => {
  assert.equal(lastWords("sh: 1: exec: /opt/envoy: not found\n"), "sh: 1: exec: /opt/envoy: not found");
  assert.equal(lastWords(`${HEAD}[warning][main] caught ENVOY_SIGTERM\n`), undefined);
  assert.equal(lastWords(""), undefined);
});

test("a reason is how it ended, and its words where they belong to that", () => {
  const log = `${HEAD}[critical][main] error \`no such field\` initializing config 'x'\n`;
  assert.equal(endReason("exited with code 1", log), "exited with code 1: no such field");
  assert.equal(endReason("exited with code 1", ""), "exited with code 1");
  assert.equal(endReason("exited with code 0", log), "exited with code 0");
  assert.equal(endReason("was ended by SIGTERM", log), "was ended by SIGTERM");
  assert.match(endReason("was ended by SIGKILL", log), /^was ended by SIGKILL, as .* memory runs out$/);
});
