import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
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

test("what the system says of a file is a sentence with its code, which names the file once", () => {
  const thrown = (path: string): unknown => {
    try {
      return readFileSync(path);
    } catch (error) {
      return error;
    }
  };
  assert.equal(errorMessage(thrown("/nowhere/x")), "/nowhere/x does not exist (ENOENT)");
  assert.equal(errorMessage(thrown("/etc/passwd/x")), "/etc/passwd/x leads through a file that is no folder (ENOTDIR)");
  assert.equal(
    errorMessage(new Error("could not read the token", { cause: thrown("/") })),
    "could not read the token: it is a folder, and no file (EISDIR)",
  );
  assert.equal(
    errorMessage(new Error("could not read /nowhere/x", { cause: thrown("/nowhere/x") })),
    "could not read /nowhere/x: it does not exist (ENOENT)",
  );
  const said = errorMessage(thrown("/nowhere/x"));
  assert.equal(
    errorMessage(new Error(`cannot start: ${said}`, { cause: thrown("/nowhere/x") })),
    `cannot start: ${said}`,
  );
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  assert.equal(errorMessage(full), "there is no space left on the disk (ENOSPC)");
});

test("what it says of a connection stays as it is", async () => {
  const [error] = await once(connect({ host: "127.0.0.1", port: 1 }), "error");
  assert.equal(errorMessage(error), "connect ECONNREFUSED 127.0.0.1:1");
});
