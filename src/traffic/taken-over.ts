import { compareText } from "#lib/compare.ts";
import type { EndpointState, SentTo, Upstream } from "./table-rows.ts";
import { formatUpstream, parseUpstream } from "./upstream.ts";

/** Requests of an upstream that went to one which takes over from it. */
export interface TakenOver {
  readonly upstream: Upstream;
  readonly by: Upstream;
  /** Attempts, so a retry counts again. */
  readonly requests: number;
}

/** Sums that never go back, whatever becomes of the endpoints: as many as there are pairs of upstreams. */
export class TakenOverCounts {
  readonly #pairs = new Map<string, TakenOver>();

  add(cluster: string, by: Upstream, requests: number): void {
    const upstream = parseUpstream(cluster);
    if (upstream === undefined) return;
    const key = `${formatUpstream(upstream)} > ${formatUpstream(by)}`;
    this.#pairs.set(key, { upstream, by, requests: (this.#pairs.get(key)?.requests ?? 0) + requests });
  }

  /** Sorted by upstream. */
  all(): readonly TakenOver[] {
    return [...this.#pairs].sort(([a], [b]) => compareText(a, b)).map(([, pair]) => pair);
  }
}

/**
 * How an upstream's requests are shared out between it and those that take over: itself first. Undefined where nobody stands
 * behind it.
 */
export function sentTo(upstream: Upstream, endpoints: readonly EndpointState[]): readonly SentTo[] | undefined {
  if (endpoints.every(({ fallback }) => fallback === undefined)) return undefined;
  const own = { upstream, requests: 0, perSecond: 0 };
  const others = new Map<string, SentTo>();
  for (const { fallback, requests, perSecond } of endpoints) {
    if (fallback === undefined) {
      own.requests += requests;
      own.perSecond += perSecond;
      continue;
    }
    const key = formatUpstream(fallback);
    const sum = others.get(key) ?? { upstream: fallback, requests: 0, perSecond: 0 };
    others.set(key, { ...sum, requests: sum.requests + requests, perSecond: sum.perSecond + perSecond });
  }
  return [own, ...[...others].sort(([a], [b]) => compareText(a, b)).map(([, sum]) => sum)];
}
