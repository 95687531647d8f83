import { hash } from "node:crypto";
import type { AcmeFailureKind } from "./acme-error.ts";

/** Milliseconds since the epoch. */
export interface Lifetime {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * When a certificate is renewed, in milliseconds since the epoch: `before` its end, and for a short-lived one when a third of its
 * life is left; up to a tenth of that earlier, by its name, so that those which came together do not go together.
 */
export function renewalTime({ notBefore, notAfter }: Lifetime, before: number, name: string): number {
  const left = Math.min(before, (notAfter - notBefore) / 3);
  const spread = parseInt(hash("sha256", name).slice(0, 8), 16) / 2 ** 32;
  return Math.round(notAfter - left * (1 + spread / 10));
}

/** How long to wait after a failure. Milliseconds. */
export interface RetryTimes {
  /** After the first, twice as long after each further one. */
  readonly least: Readonly<Record<AcmeFailureKind, number>>;
  readonly most: number;
}

const MINUTE = 60_000;

/** At Let's Encrypt five failed validations of a host in an hour are the limit: the fifth of ours comes after more than one. */
export const RETRY_TIMES: RetryTimes = {
  least: {
    unreachable: MINUTE / 2,
    untrusted: 5 * MINUTE,
    rateLimited: 60 * MINUTE,
    challenge: 5 * MINUTE,
    refused: 15 * MINUTE,
    unkept: MINUTE / 2,
  },
  most: 12 * 60 * MINUTE,
};

/**
 * The wait after the `failures`th failure in a row, at least what the server asked for.
 *
 * @param random from 0 to 1: up to a quarter longer, so that many do not come back at once
 */
export function retryDelay(
  kind: AcmeFailureKind,
  failures: number,
  asked: number,
  { least, most }: RetryTimes,
  random: number,
): number {
  const wait = Math.min(most, least[kind] * 2 ** Math.min(failures - 1, 30));
  return Math.max(asked, Math.round(wait * (1 + random / 4)));
}
