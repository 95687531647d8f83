import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalWords } from "./refusal-words.ts";

const RULE = "Proto constraint validation failed (SecretValidationError.Name: value length must be at least 1)";
const KEY = "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----";

test("a reason stays as it is", () => {
  assert.equal(
    refusalWords("Failed to load certificate chain from <inline>"),
    "Failed to load certificate chain from <inline>",
  );
});

test("the text of the refused message goes, and with it what it holds", () => {
  const dump = `goo.gle/debugstr  \ntls_certificate {\n  private_key {\n    inline_string: "${KEY}"\n  }\n}\n: ${RULE}`;
  assert.equal(refusalWords(dump), RULE);
  assert.equal(refusalWords(`a: ${dump}\nb: ${dump}`), `a: ${RULE}\nb: ${RULE}`);
  assert.equal(refusalWords(`goo.gle/debugonly tls_certificate { inline_string: "${KEY}" }`), "");
});

test("PEM never gets through, also cut short", () => {
  assert.equal(refusalWords(`bad key: ${KEY}, sorry`), "bad key: (PEM), sorry");
  assert.equal(refusalWords("bad key: -----BEGIN PRIVATE KEY-----\nMIIE"), "bad key: (PEM)");
});

test("what is too long is cut", () => {
  assert.equal(refusalWords("x".repeat(5_000)).length, 2_002);
});
