import { hash } from "node:crypto";
import { type ClusterReading, readCluster, splitClusters } from "./clusters-text.ts";
import type { AdminPage, PageDiff } from "./receiver-messages.ts";

/** The same pages of Envoy's again and again: finds what differs from the time before, so that only that is handed on. */
export class PageDiffs {
  /** By Envoy: the values of the last time. */
  readonly #counters = new Map<string, ReadonlyMap<string, number>>();
  /** By Envoy and cluster: a hash of its lines of the last time. The lines of 10,000 clusters are 16 MB. */
  readonly #clusters = new Map<string, Map<string, string>>();

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
    const known = this.#clusters.get(envoy) ?? new Map<string, string>();
    this.#clusters.set(envoy, known);
    const now = new Set<string>();
    const changed: ClusterReading[] = [];
    for (const part of splitClusters(text)) {
      const print = hash("sha1", part.text, "base64");
      now.add(part.cluster);
      if (fresh || known.get(part.cluster) !== print) changed.push(readCluster(part));
      known.set(known.has(part.cluster) ? part.cluster : detached(part.cluster), print);
    }
    const gone = missing(known, now);
    for (const cluster of gone) known.delete(cluster);
    return { page: "clusters", changed, gone };
  }
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/** A part of a page as a string of its own: V8 would keep the whole page for it. */
function detached(part: string): string {
  return Buffer.from(part).toString();
}

function missing(before: ReadonlyMap<string, unknown>, now: { has(name: string): boolean }): readonly string[] {
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
