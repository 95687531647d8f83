import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commandLine,
  executable,
  identify,
  isRunning,
  parseStatus,
  sameProcess,
  sendSignal,
  signalProcess,
} from "./process-identity.ts";

test("this process is itself", () => {
  const identity = identify(process.pid);
  assert.ok(identity !== undefined && isRunning(identity));
  assert.equal(executable(process.pid), process.execPath);
  assert.ok(commandLine(process.pid)?.some((argument) => argument.endsWith("process-identity.test.ts")));
});

test("a pid with another start time, or from another boot, is another process and gets no signal", () => {
  const identity = identify(process.pid);
  assert.ok(identity !== undefined);
  for (const other of [
    { ...identity, startTicks: identity.startTicks - 1 },
    { ...identity, bootId: "00000000-0000-0000-0000-000000000000" },
  ]) {
    assert.equal(sameProcess(identity, other), false);
    assert.equal(isRunning(other), false);
    // If it were sent, this test would end here.
    assert.equal(signalProcess(other, "SIGKILL"), false);
  }
});

test("no process, no identity", () => {
  // Above the kernel's largest possible pid.
  assert.equal(identify(2 ** 22 + 1), undefined);
  assert.equal(sendSignal(2 ** 22 + 1, "SIGTERM"), false);
});

test("a program's name may hold blanks and parentheses", () => {
  const fields = Array.from({ length: 52 }, (_, index) => String(index + 1));
  const line = ["77", "(a) b) (c)", "S", "1", "70", "71", ...fields.slice(6)].join(" ");
  assert.deepEqual(parseStatus(line), { parent: 1, group: 70, session: 71, startTicks: 22, zombie: false });
});

test("what has ended and is not yet reaped counts as ended, unless threads of it still run", () => {
  assert.equal(parseStatus(statusLine("Z", 1))?.zombie, true);
  assert.equal(parseStatus(statusLine("Z", 3))?.zombie, false);
  assert.equal(parseStatus(statusLine("R", 1))?.zombie, false);
  assert.equal(parseStatus("not a status"), undefined);
});

function statusLine(state: string, threads: number): string {
  const fields = Array.from({ length: 49 }, (_, index) => (index + 4 === 20 ? threads : index + 4));
  return ["77", "(a)", state, ...fields].join(" ");
}
