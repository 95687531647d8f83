import assert from "node:assert/strict";
import type { FailureKind } from "#discovery/discoverer.ts";
import { PlatformError } from "#discovery/platform-error.ts";

/** Expects a failure of a kind, whose words hold none of what is secret. */
export function failsAs(...secrets: readonly string[]) {
  return async (asked: Promise<unknown>, kind: FailureKind, words: RegExp): Promise<void> => {
    await assert.rejects(asked, (error) => {
      assert.ok(error instanceof PlatformError, String(error));
      assert.equal(error.kind, kind);
      assert.match(error.message, words);
      for (const secret of secrets) assert.ok(!error.message.includes(secret), error.message);
      return true;
    });
  };
}
