import assert from "node:assert/strict";
import { test } from "node:test";
import { errorMessage } from "./error-message.ts";

test("an error is told with its causes, and what two of them say alike is told once", () => {
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:6499");
  assert.equal(
    errorMessage(new Error("no answer", { cause: new Error(refused.message, { cause: refused }) })),
    "no answer: connect ECONNREFUSED 127.0.0.1:6499",
  );
  assert.equal(
    errorMessage(new Error("request to east failed, reason: EPIPE", { cause: new Error("EPIPE") })),
    "request to east failed, reason: EPIPE",
  );
  assert.equal(errorMessage(new Error("could not read x", { cause: "gone" })), "could not read x: gone");
  assert.equal(errorMessage("only words"), "only words");
});
