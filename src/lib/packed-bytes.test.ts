import assert from "node:assert/strict";
import { test } from "node:test";
import { packBytes, unpackBytes } from "./packed-bytes.ts";

test("every byte comes back as it was, from a part of a larger buffer too", () => {
  const all = Uint8Array.from({ length: 258 }, (_, index) => index & 0xff);
  const part = all.subarray(1, 257);
  const packed = packBytes(part);
  assert.equal(packed.length, 256);
  assert.deepEqual([...unpackBytes(packed)], [...part]);
  assert.equal(packBytes(new Uint8Array()), "");
});
