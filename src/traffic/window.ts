import { isFailedClass } from "./code-class.ts";
import type { History } from "./history.ts";

/** What happened in the last seconds, by flow. Made once for all who draw it. */
export interface TrafficWindow {
  /** Its width. */
  readonly seconds: number;
  /** By flow id. */
  readonly flows: ReadonlyMap<number, WindowSum>;
}

export interface WindowSum {
  /** Exact. */
  requests: number;
  errors: number;
  /** Bucket, weight, bucket, weight …; a bucket may come several times. */
  readonly latency: number[];
}

/** The window `[from, to)`, in seconds since the epoch. */
export function windowOf(history: History, from: number, to: number): TrafficWindow {
  const flows = new Map<number, WindowSum>();
  const sumOf = (flow: number): WindowSum => {
    let sum = flows.get(flow);
    if (sum === undefined) flows.set(flow, (sum = { requests: 0, errors: 0, latency: [] }));
    return sum;
  };
  for (const second of history.between(from, to)) {
    second.eachCount((flow, index, amount) => {
      const sum = sumOf(flow);
      sum.requests += amount;
      if (isFailedClass(index)) sum.errors += amount;
    });
    second.eachLatency((flow, bucket, weight) => void sumOf(flow).latency.push(bucket, weight));
  }
  return { seconds: Math.max(1, to - from), flows };
}
