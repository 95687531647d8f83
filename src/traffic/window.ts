import { isFailedClass } from "./code-class.ts";
import { BUCKETS } from "./histogram.ts";
import type { History } from "./history.ts";

/** What happened in the last seconds, by flow. Made once for all who draw it. */
export interface TrafficWindow {
  /** Its width. */
  readonly seconds: number;
  /** Exact, by flow id. */
  readonly counts: ReadonlyMap<number, { readonly requests: number; readonly errors: number }>;
  /** Called for each flow id, bucket and weight. */
  eachLatency(visit: (flow: number, bucket: number, weight: number) => void): void;
}

/** The window `[from, to)`, in seconds since the epoch. */
export function windowOf(history: History, from: number, to: number): TrafficWindow {
  const counts = new Map<number, { requests: number; errors: number }>();
  const latency = new Map<number, number>();
  for (const second of history.between(from, to)) {
    second.eachCount((flow, index, amount) => {
      let sum = counts.get(flow);
      if (sum === undefined) counts.set(flow, (sum = { requests: 0, errors: 0 }));
      sum.requests += amount;
      if (isFailedClass(index)) sum.errors += amount;
    });
    second.eachLatency((flow, bucket, weight) => {
      const key = flow * BUCKETS + bucket;
      latency.set(key, (latency.get(key) ?? 0) + weight);
    });
  }
  return {
    seconds: Math.max(1, to - from),
    counts,
    eachLatency: (visit) => {
      for (const [key, weight] of latency) visit(Math.floor(key / BUCKETS), key % BUCKETS, weight);
    },
  };
}
