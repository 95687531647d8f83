import { compareText } from "#lib/compare.ts";
import type { CompiledFilter } from "./filter.ts";
import type { StreamTotals } from "./table-rows.ts";
import { STREAM_AMOUNTS, type StreamAmount, type StreamCounter } from "./stream-counter.ts";
import { parseUpstream } from "./upstream.ts";

/** A listener, or a server name on it, whose connections are forwarded as they come. */
export interface StreamListener {
  /** As Envoy's counters have it: `db`, `https/db.example.com`. */
  readonly name: string;
  readonly protocol: "tcp" | "udp";
  /** By Envoy's names of the upstreams; weights are relative. None: what comes is closed. */
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
}

/** What was counted between two readings of one Envoy. */
export interface StreamDelta extends StreamCounter {
  readonly gained: number;
}

type Amounts = Record<StreamAmount, number>;

interface Sum {
  readonly totals: Amounts;
  /** Of the window, oldest first; times in milliseconds. */
  readonly recent: { readonly from: number; readonly to: number; readonly amounts: Amounts }[];
}

/** Milliseconds. */
const WINDOW = 10_000;

/** TCP connections and UDP sessions by listener, or by server name on it, from Envoy's counters: exact, and summed over all Envoys. */
export class Streams {
  #listeners: readonly StreamListener[] = [];
  readonly #clusters = new Set<string>();
  /** Envoy → `tcp <listener>`, `udp <listener>` or `cluster <upstream>`. */
  readonly #sums = new Map<string, Map<string, Sum>>();

  set listeners(listeners: readonly StreamListener[]) {
    this.#listeners = listeners.toSorted((a, b) => compareText(a.name, b.name));
    for (const { clusters } of listeners) for (const { name } of clusters) this.#clusters.add(name);
  }

  /**
   * Envoy's names of the upstreams whose failing connections belong to a listener, or once did: a counter that is no longer
   * asked for and then is again would be counted twice.
   */
  get clusters(): readonly string[] {
    return [...this.#clusters].sort(compareText);
  }

  /** `from` and `to` in milliseconds; undefined: at times that are not known, so that no rate comes of it. */
  add(
    envoy: string,
    deltas: readonly StreamDelta[],
    span: { readonly from: number; readonly to: number } | undefined,
  ): void {
    let sums = this.#sums.get(envoy);
    if (sums === undefined) this.#sums.set(envoy, (sums = new Map()));
    const gained = new Map<string, Amounts>();
    for (const { of, name, amount, gained: count } of deltas) {
      const key = `${of} ${name}`;
      const amounts = gained.get(key) ?? nothing();
      gained.set(key, amounts);
      amounts[amount] += count;
      let sum = sums.get(key);
      if (sum === undefined) sums.set(key, (sum = { totals: nothing(), recent: [] }));
      sum.totals[amount] += count;
    }
    if (span === undefined) return;
    for (const [key, sum] of sums) sum.recent.push({ ...span, amounts: gained.get(key) ?? nothing() });
    for (const { recent } of sums.values()) {
      while (recent[0] !== undefined && recent[0].to < span.to - WINDOW) recent.shift();
    }
  }

  /** One row for each that passes the filter, sorted by name. */
  rows(filter: CompiledFilter): readonly StreamTotals[] {
    return this.#listeners.flatMap(({ name, protocol, clusters }): StreamTotals[] => {
      const upstreams = sharesOf(clusters);
      if (!filter.stream(upstreams.map(({ upstream }) => upstream))) return [];
      const counted = [`${protocol} ${name}`, ...clusters.map((cluster) => `cluster ${cluster.name}`)];
      const sums = [...this.#sums].flatMap(([envoy, byKey]) =>
        filter.envoy(envoy) ? counted.map((key) => byKey.get(key)) : [],
      );
      return [{ key: name, protocol, upstreams, ...added(sums) }];
    });
  }
}

/** Those with a weight of 0 are among them: they have none of it. */
function sharesOf(clusters: StreamListener["clusters"]): StreamTotals["upstreams"] {
  const sum = clusters.reduce((total, { weight }) => total + weight, 0);
  return clusters.flatMap(({ name, weight }) => {
    const upstream = parseUpstream(name);
    return upstream === undefined ? [] : [{ upstream, share: sum === 0 ? 0 : weight / sum }];
  });
}

function nothing(): Amounts {
  return { connections: 0, failed: 0, bytesIn: 0, bytesOut: 0 };
}

function added(sums: readonly (Sum | undefined)[]): Omit<StreamTotals, "key" | "protocol" | "upstreams"> {
  const totals = nothing();
  const rates = nothing();
  for (const sum of sums) {
    const [first, last] = [sum?.recent[0], sum?.recent.at(-1)];
    for (const amount of STREAM_AMOUNTS) {
      totals[amount] += sum?.totals[amount] ?? 0;
      if (sum === undefined || first === undefined || last === undefined) continue;
      const counted = sum.recent.reduce((total, { amounts }) => total + amounts[amount], 0);
      rates[amount] += (counted * 1000) / Math.max(1000, last.to - first.from);
    }
  }
  return {
    ...totals,
    perSecond: rounded(rates.connections),
    failedPerSecond: rounded(rates.failed),
    bytesInPerSecond: Math.round(rates.bytesIn),
    bytesOutPerSecond: Math.round(rates.bytesOut),
  };
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100;
}
