import { createHmac, randomBytes } from "node:crypto";
import { isPassword, type PasswordHash } from "#lib/password-hash.ts";
import { ApiProblem } from "../api-problem.ts";

/** Milliseconds that a password which was right is taken without another check. */
const REMEMBERED = 600_000;
const MOST_REMEMBERED = 1000;
/** Checks that wait for the one that runs: at a quarter of a second each, nobody waits longer than two. */
const MOST_WAITING = 8;

/** Held against when there is no such user, so that the time taken does not tell. Nobody knows its password. */
const NOBODY: PasswordHash = { ln: 15, r: 8, p: 3, salt: Buffer.alloc(16), hash: Buffer.alloc(32) };

export interface PasswordCheck {
  readonly name: string;
  readonly password: string;
  /** What it is held against; undefined: nothing, and it will be wrong. */
  readonly expected: { readonly text: string; readonly hash: PasswordHash } | undefined;
  /** Called before each check that costs something: throws when the one who asks has to wait. */
  readonly admit: () => void;
}

/**
 * Checks passwords one at a time, so that guessing takes a bounded share of the processor and 32 MiB, and remembers which were
 * right, so that a client that sends its password with each request costs one check in ten minutes.
 */
export class PasswordChecks {
  readonly #now: () => number;
  /** Nothing that is kept tells a password without it; it ends with the process. */
  readonly #key = randomBytes(32);
  readonly #right = new Map<string, number>();
  /** A program that asks several things at once has its password checked once. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  #last: Promise<unknown> = Promise.resolve();

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws what `admit` throws, and 503 when too many wait. */
  async isRight(check: PasswordCheck): Promise<boolean> {
    const { name, password, expected, admit } = check;
    const key = createHmac("sha256", this.#key)
      .update(JSON.stringify([name, expected?.text, password]))
      .digest("base64url");
    if ((this.#right.get(key) ?? 0) > this.#now()) return true;
    admit();
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    if (this.#underWay.size >= MOST_WAITING) {
      throw new ApiProblem(503, "Too many sign-ins", "other passwords are being checked", "try again in some seconds");
    }
    const turn = this.#last.then(() => this.#check(check, key)).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, turn);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #check({ password, expected, admit }: PasswordCheck, key: string): Promise<boolean> {
    // The ones before it may have been wrong, too.
    admit();
    const isRight = await isPassword(password, expected?.hash ?? NOBODY);
    if (!isRight || expected === undefined) return false;
    this.#remember(key);
    return true;
  }

  #remember(key: string): void {
    this.#right.delete(key);
    for (const oldest of this.#right.keys()) {
      if (this.#right.size < MOST_REMEMBERED) break;
      this.#right.delete(oldest);
    }
    this.#right.set(key, this.#now() + REMEMBERED);
  }
}
