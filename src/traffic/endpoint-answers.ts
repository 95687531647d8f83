import { BUCKETS, quantiles } from "./histogram.ts";
import type { EndpointState } from "./table-rows.ts";
import type { EndpointSum } from "./receiver-messages.ts";

/** What single requests say of one endpoint. */
interface Answers {
  /** By second: weights by bucket, and of those that failed. */
  readonly seconds: Map<number, { readonly buckets: Float64Array; failed: number }>;
  /** Weight of all that failed so far. */
  failed: number;
}

/**
 * How endpoints answered, from single requests: Envoy itself counts an endpoint's failed answers only when it tries again,
 * unless it counts every code of every cluster, which costs each request 5 %.
 */
export class EndpointAnswers {
  readonly #endpoints = new Map<string, Answers>();
  readonly #windowSeconds: number;

  constructor(windowSeconds: number) {
    this.#windowSeconds = windowSeconds;
  }

  add({ cluster, endpoint, second, buckets, failed }: EndpointSum): void {
    const key = keyOf(cluster, endpoint);
    const answers = this.#endpoints.get(key) ?? { seconds: new Map(), failed: 0 };
    this.#endpoints.set(key, answers);
    const sum = answers.seconds.get(second) ?? { buckets: new Float64Array(BUCKETS), failed: 0 };
    answers.seconds.set(second, sum);
    for (const [bucket, weight] of buckets) sum.buckets[bucket]! += weight;
    sum.failed += failed;
    answers.failed += failed;
  }

  /** Drops what is out of the window, and the totals of endpoints that are gone. Returns the clusters for which that shows. */
  trim(now: number, exists: (cluster: string, address: string) => boolean): readonly string[] {
    const changed = new Set<string>();
    for (const [key, { seconds, failed }] of this.#endpoints) {
      const [cluster = "", address = ""] = key.split(" ");
      for (const second of seconds.keys()) {
        if (second >= now - this.#windowSeconds) continue;
        seconds.delete(second);
        changed.add(cluster);
      }
      if (seconds.size === 0 && (failed === 0 || !exists(cluster, address))) this.#endpoints.delete(key);
    }
    return [...changed];
  }

  of(cluster: string, address: string): Pick<EndpointState, "errors" | "errorsPerSecond" | "latency"> {
    const answers = this.#endpoints.get(keyOf(cluster, address));
    if (answers === undefined) return NO_ANSWERS;
    const sum = new Float64Array(BUCKETS);
    let failed = 0;
    for (const second of answers.seconds.values()) {
      failed += second.failed;
      for (const [bucket, weight] of second.buckets.entries()) sum[bucket]! += weight;
    }
    return {
      errors: Math.round(answers.failed),
      errorsPerSecond: Math.round((failed / this.#windowSeconds) * 100) / 100,
      latency: quantiles(sum),
    };
  }
}

const NO_ANSWERS = { errors: 0, errorsPerSecond: 0, latency: undefined };

function keyOf(cluster: string, address: string): string {
  return `${cluster} ${address}`;
}
