import assert from "node:assert/strict";
import { test } from "node:test";
import { policyWords } from "./explain-policies.ts";

test("a token that is asked for is told after addresses, and one that is not asked for is not", () => {
  const ipFilter = { type: "deny", ranges: [{ source: "peer", address: "10.0.0.0", prefixLength: 8 }] } as const;
  const words = policyWords({ jwt: { provider: "p" }, ipFilter }, (name) => name);
  assert.deepEqual(words, [
    "not from 10.0.0.0/8 (peer): they get 403",
    "only with a good token of JWT provider p; others get 401, one for another audience 403",
  ]);
  assert.deepEqual(
    policyWords({ jwt: "off" }, (name) => name),
    [],
  );
});
