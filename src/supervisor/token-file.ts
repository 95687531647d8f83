import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { replaceFile } from "#lib/replace-file.ts";
import { hasCode } from "#lib/error-code.ts";

const BYTES = 32;
const FORM = /^[\w-]{43,}$/;

/**
 * The token in `path`; makes one of 32 random bytes (base64url) if there is none yet. The file is 0600. To be called by who
 * holds the state directory: of two at the same time one would lose its token.
 */
export function ensureToken(path: string): string {
  // A machine that lost its power may keep the name of a file and not what was written into it.
  const isThere = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (!isThere) replaceFile(path, `${randomBytes(BYTES).toString("base64url")}\n`);
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return readToken(path);
}

/** The token of an appliance that has been started before. Throws when there is none, or it is no good. */
export function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (cause) {
    if (!hasCode(cause, "ENOENT")) throw cause;
    throw new Error(`there is no token at ${path}; is the appliance running, and is this its state directory?`, {
      cause,
    });
  }
  if (FORM.test(token)) return token;
  throw new Error(`${path} holds no token (at least 43 characters of base64url); remove it and start again to get one`);
}
