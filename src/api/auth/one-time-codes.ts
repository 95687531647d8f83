import { randomBytes } from "node:crypto";
import type { Principal } from "./principal.ts";
import { secretHash } from "./same-secret.ts";

/** Codes that wait at a time; the oldest gives way. */
const MOST_CODES = 100;

/**
 * Codes that sign in once: they stand in a link, so in a browser's history and a terminal's scrollback, where the token
 * must not. Only their hashes are kept, in memory: a restart ends them.
 */
export class OneTimeCodes {
  readonly #now: () => number;
  readonly #codes = new Map<string, { readonly principal: Principal; readonly until: number }>();

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new code of 256 bits for `principal`, good for `lifetime` milliseconds. */
  mint(principal: Principal, lifetime: number): string {
    for (const key of this.#codes.keys()) {
      if (this.#codes.size < MOST_CODES) break;
      this.#codes.delete(key);
    }
    const code = randomBytes(32).toString("base64url");
    this.#codes.set(keyOf(code), { principal, until: this.#now() + lifetime });
    return code;
  }

  /** Uses a code up. Undefined: it never was, is over, or was used before. */
  redeem(code: string): Principal | undefined {
    const key = keyOf(code);
    const found = this.#codes.get(key);
    this.#codes.delete(key);
    return found === undefined || found.until <= this.#now() ? undefined : found.principal;
  }
}

/** A look-up by hash tells nothing about the codes that are near the one tried. */
function keyOf(code: string): string {
  return secretHash(code).toString("base64url");
}
