import { type ClusterReading, readCluster, splitClusters } from "./clusters-text.ts";
import type { AdminPage, PageDiff } from "./receiver-messages.ts";

/** The same pages of Envoy's again and again: finds what differs from the time before, so that only that is handed on. */
export class PageDiffs {
  /** By page and Envoy: the values or texts of the last time. */
  readonly #counters = new Map<string, ReadonlyMap<string, number>>();
  readonly #clusters = new Map<string, ReadonlyMap<string, string>>();

  /** Throws when the page is not what Envoy's admin interface answers. */
  diff(page: AdminPage, envoy: string, bytes: Uint8Array, fresh: boolean): PageDiff {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    return page === "counters" ? this.#diffCounters(envoy, text, fresh) : this.#diffClusters(envoy, text, fresh);
  }

  #diffCounters(envoy: string, text: string, fresh: boolean): PageDiff {
    const before = this.#counters.get(envoy) ?? NOTHING;
    const now = readCounters(text);
    const changed = [...now].filter(([name, value]) => fresh || before.get(name) !== value);
    this.#counters.set(envoy, now);
    return { page: "counters", changed, gone: missing(before, now) };
  }

  #diffClusters(envoy: string, text: string, fresh: boolean): PageDiff {
    const before = this.#clusters.get(envoy) ?? NOTHING;
    const now = new Map<string, string>();
    const changed: ClusterReading[] = [];
    for (const part of splitClusters(text)) {
      now.set(part.cluster, part.text);
      if (fresh || before.get(part.cluster) !== part.text) changed.push(readCluster(part));
    }
    this.#clusters.set(envoy, now);
    return { page: "clusters", changed, gone: missing(before, now) };
  }
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

function missing(before: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): readonly string[] {
  return [...before.keys()].filter((name) => !now.has(name));
}

/** Envoy's `/stats?format=json`: `{"stats": [{"name": …, "value": …}]}`. */
function readCounters(text: string): ReadonlyMap<string, number> {
  const page = JSON.parse(text) as { readonly stats?: unknown };
  if (!Array.isArray(page.stats)) throw new Error("Envoy's statistics have no list of stats");
  const counters = new Map<string, number>();
  for (const stat of page.stats as readonly { readonly name?: unknown; readonly value?: unknown }[]) {
    if (typeof stat.name === "string" && typeof stat.value === "number") counters.set(stat.name, stat.value);
  }
  return counters;
}
