import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessStart } from "./process-start.ts";

const page = (began: string): Uint8Array =>
  Buffer.from(`{\n "configs": [\n  {\n   "last_updated": "${began}"\n  }\n ]\n}\n`);

test("a process is another when it began at another time, and the first is no other", () => {
  const start = new ProcessStart();
  const began = ["20:04:11.881Z", "20:04:11.881Z", "20:04:11.902Z", "20:04:11.902Z", "20:03:00.000Z"];
  assert.deepEqual(
    began.map((time) => start.isAnother(page(`2026-11-23T${time}`))),
    [false, false, true, false, true],
  );
});

test("a page without a time is refused", () => {
  assert.throws(() => new ProcessStart().isAnother(Buffer.from('{\n "configs": []\n}\n')), /bootstrap/);
});
