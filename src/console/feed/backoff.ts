/** Milliseconds. */
const FIRST = 500;
const MOST = 15_000;

/**
 * How long to wait before attempt `attempt` (1 is the first after a failure): doubling up to 15 s, of which `random` (0 to
 * 1) spreads the upper half, so that many consoles do not come back in the same moment.
 */
export function backoff(attempt: number, random: number): number {
  const whole = Math.min(MOST, FIRST * 2 ** (attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}
