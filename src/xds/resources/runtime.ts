/** Runtime keys that the listeners' access-log filters ask for (access-log.ts). */
export const TRAFFIC_RUNTIME = {
  failures: "binnacle.traffic.failures",
  sample: "binnacle.traffic.sample",
  latency: "binnacle.traffic.latency",
  slow: "binnacle.traffic.slow_ms",
  fast: "binnacle.traffic.fast_ms",
} as const;

/** What is sent of single requests, and measured of all. */
export interface TrafficShares {
  /** From 0 to 1, of the failures and slow ones. */
  readonly failures: number;
  /** From 0 to 1, of the rest. */
  readonly sample: number;
  /** From 0 to 1, of all: whose duration is measured. */
  readonly latency: number;
  /** Milliseconds from which on a request counts as slow. */
  readonly slowThreshold: number;
}

/** The shares as values of the RTDS layer: fractions are millionths, because that is the filters' denominator. */
export function trafficRuntime(shares: TrafficShares): Readonly<Record<string, number>> {
  const slow = Math.max(1, Math.round(shares.slowThreshold));
  return {
    [TRAFFIC_RUNTIME.failures]: millionths(shares.failures),
    [TRAFFIC_RUNTIME.sample]: millionths(shares.sample),
    [TRAFFIC_RUNTIME.latency]: millionths(shares.latency),
    [TRAFFIC_RUNTIME.slow]: slow,
    [TRAFFIC_RUNTIME.fast]: slow - 1,
  };
}

/** A share above 0 stays above 0. */
function millionths(share: number): number {
  if (share <= 0) return 0;
  return Math.min(1_000_000, Math.max(1, Math.round(share * 1_000_000)));
}
