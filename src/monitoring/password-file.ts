import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hasCode } from "#lib/error-code.ts";
import { hash } from "bcryptjs";
import { replaceFile } from "#lib/replace-file.ts";

/** Alertmanager's web configuration takes bcrypt only. It pays for a pair of name and password once, then caches it. */
const BCRYPT_COST = 10;

/** The password in `file`; made at the first time, of 192 random bits, readable by its owner alone. */
export async function ensurePassword(file: string): Promise<string> {
  try {
    const kept = (await readFile(file, "utf8")).trim();
    if (kept === "") throw new Error(`${file} is empty; remove it, so that a new password is made`);
    return kept;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  const password = randomBytes(24).toString("base64url");
  replaceFile(file, password);
  return password;
}

export function bcryptHash(password: string): Promise<string> {
  return hash(password, BCRYPT_COST);
}
