import { hash } from "node:crypto";
import { type ClusterReading, readCluster, splitClusters } from "./clusters-text.ts";
import type { AdminPage, PageDiff } from "./receiver-messages.ts";

/** A page on its way. What is known changes at its end alone: a page that breaks off has said nothing. */
export interface PageReader {
  /** Throws when this cannot be a page of Envoy's admin interface. */
  add(bytes: Uint8Array): void;
  /** Throws as {@link PageReader.add} does. */
  end(): PageDiff;
}

/** The same pages of Envoy's again and again: finds what differs from the time before, so that only that is handed on. */
export class PageDiffs {
  /** By Envoy: the values of the last time. */
  readonly #counters = new Map<string, ReadonlyMap<string, number>>();
  /** By Envoy and cluster: a hash of its lines of the last time. */
  readonly #clusters = new Map<string, Map<string, string>>();
  /** How many names were known when {@link PageDiffs.hasGrown} was last true, or fewer since. */
  #noted = 0;

  /** With `fresh` everything differs. */
  open(page: AdminPage, envoy: string, fresh: boolean): PageReader {
    return page === "counters" ? this.#readCounters(envoy, fresh) : this.#readClusters(envoy, fresh);
  }

  /**
   * Whether over `least` names of counters and clusters have come to be known since this was last true. Values that change do not
   * count: on a busy appliance they are many with every page.
   */
  hasGrown(least: number): boolean {
    let known = 0;
    for (const byEnvoy of [this.#counters, this.#clusters]) for (const names of byEnvoy.values()) known += names.size;
    const grown = known - this.#noted > least;
    if (grown || known < this.#noted) this.#noted = known;
    return grown;
  }

  #readCounters(envoy: string, fresh: boolean): PageReader {
    const chunks: Uint8Array[] = [];
    return {
      add: (bytes) => void chunks.push(bytes),
      end: () => {
        const before = this.#counters.get(envoy) ?? NOTHING;
        const now = readCounters(Buffer.concat(chunks).toString("utf8"));
        const changed = [...now].filter(([name, value]) => fresh || before.get(name) !== value);
        this.#counters.set(envoy, now);
        return { page: "counters", changed, gone: missing(before, now) };
      },
    };
  }

  #readClusters(envoy: string, fresh: boolean): PageReader {
    const known = this.#clusters.get(envoy) ?? new Map<string, string>();
    const decoder = new TextDecoder();
    const now = new Set<string>();
    const changed: ClusterReading[] = [];
    const prints: [cluster: string, print: string][] = [];
    let text = "";
    const take = (isEnd: boolean): void => {
      const { clusters, rest } = splitClusters(text, isEnd);
      text = rest;
      for (const part of clusters) {
        const print = hash("sha1", part.text, "base64");
        // V8 would keep the whole text for a part of it.
        const cluster = Buffer.from(part.cluster).toString();
        now.add(cluster);
        if (!fresh && known.get(cluster) === print) continue;
        changed.push(readCluster(part));
        prints.push([cluster, print]);
      }
    };
    return {
      add: (bytes) => {
        text += decoder.decode(bytes, { stream: true });
        take(false);
      },
      end: () => {
        text += decoder.decode();
        take(true);
        const gone = missing(known, now);
        for (const cluster of gone) known.delete(cluster);
        for (const [cluster, print] of prints) known.set(cluster, print);
        this.#clusters.set(envoy, known);
        return { page: "clusters", changed, gone };
      },
    };
  }
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

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
