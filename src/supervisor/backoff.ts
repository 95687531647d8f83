export interface BackoffSettings {
  /** Milliseconds before the first restart. */
  readonly baseMs: number;
  /** The longest pause. */
  readonly maxMs: number;
  /** A process that lived this long starts again from the base. */
  readonly stableMs: number;
  /** So many ends in a row, none after a stable life, are a crash loop. */
  readonly loopAfter: number;
}

export const DEFAULT_BACKOFF: BackoffSettings = { baseMs: 200, maxMs: 30_000, stableMs: 60_000, loopAfter: 5 };

/**
 * The pause before restart number `attempt` (from 1): doubling, bounded, and anywhere in the upper half of that, so that
 * several that fail together do not come back together. `random` is in [0, 1).
 */
export function backoffDelay(attempt: number, settings: BackoffSettings, random = Math.random()): number {
  const whole = Math.min(settings.maxMs, settings.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(whole / 2 + (whole / 2) * random);
}
