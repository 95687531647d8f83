import { filterFromPairs, type FilterPair, formatUpstream, pairsFromFilter } from "#api/traffic-filter.ts";
import type { TrafficFilter } from "#traffic/messages.ts";
import type { Upstream } from "#traffic/table-rows.ts";

/** One thing that the reader picked: charts, upstreams and requests show it alone, while the tables go on showing all. */
export type Focus =
  | { readonly type: "route"; readonly host: string; readonly route: string }
  | { readonly type: "cluster"; readonly upstream: Upstream }
  | { readonly type: "endpoint"; readonly upstream: Upstream; readonly address: string };

export type LeftView = "tables" | "flow" | "talkers" | "backends";
export const LEFT_VIEWS: readonly LeftView[] = ["tables", "flow", "talkers", "backends"];
export type PhonePanel = (typeof PHONE_PANELS)[number];
export const PHONE_PANELS = ["requests", "routes", "upstreams", "flow", "talkers", "backends", "charts"] as const;

/** Everything that the address holds, so that a link shows another reader the same. */
export interface Place {
  readonly filter: TrafficFilter;
  readonly focus: Focus | undefined;
  readonly left: LeftView;
  /** On a phone, where one thing is seen at a time; undefined: what `left` has. */
  readonly panel: PhonePanel | undefined;
  /** Minutes that the charts show. */
  readonly minutes: number;
  /** Milliseconds since the epoch: the requests up to then instead of those that come. */
  readonly at: number | undefined;
}

export const START: Place = {
  filter: {},
  focus: undefined,
  left: "tables",
  panel: undefined,
  minutes: 5,
  at: undefined,
};
export const MINUTES = [1, 5, 15] as const;

/** Reads the part of an address behind `#`. What is not understood is left out: an old link still opens. */
export function placeFromHash(hash: string): Place {
  const pairs: FilterPair[] = [];
  const others = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (name.startsWith("focus-") || ["view", "panel", "minutes", "at"].includes(name)) others.set(name, value);
    else pairs.push([name, value]);
  }
  const minutes = MINUTES.find((known) => String(known) === others.get("minutes")) ?? START.minutes;
  const left = LEFT_VIEWS.find((known) => known === others.get("view")) ?? START.left;
  const panel = PHONE_PANELS.find((known) => known === others.get("panel"));
  const at = /^\d{13}$/.test(others.get("at") ?? "") ? Number(others.get("at")) : undefined;
  return { filter: filterFromPairs(pairs).filter, focus: readFocus(others), left, panel, minutes, at };
}

export function hashFromPlace({ filter, focus, left, panel, minutes, at }: Place): string {
  const pairs: FilterPair[] = [...pairsFromFilter(filter)];
  if (focus?.type === "route") pairs.push(["focus-host", focus.host], ["focus-route", focus.route]);
  if (focus?.type === "cluster" || focus?.type === "endpoint")
    pairs.push(["focus-cluster", formatUpstream(focus.upstream)]);
  if (focus?.type === "endpoint") pairs.push(["focus-endpoint", focus.address]);
  if (left !== START.left) pairs.push(["view", left]);
  if (panel !== undefined) pairs.push(["panel", panel]);
  if (minutes !== START.minutes) pairs.push(["minutes", String(minutes)]);
  if (at !== undefined) pairs.push(["at", String(at)]);
  return pairs.length === 0 ? "" : `#${new URLSearchParams(pairs.map(([name, value]) => [name, value]))}`;
}

function readFocus(values: ReadonlyMap<string, string>): Focus | undefined {
  const host = values.get("focus-host");
  const route = values.get("focus-route");
  if (host !== undefined && route !== undefined) return { type: "route", host, route };
  const cluster = filterFromPairs([["cluster", values.get("focus-cluster") ?? ""]]).filter.clusters?.[0];
  const address = values.get("focus-endpoint");
  if (cluster === undefined) return undefined;
  return address === undefined
    ? { type: "cluster", upstream: cluster }
    : { type: "endpoint", upstream: cluster, address };
}

/** What a phone shows. */
export function shownPanel({ left, panel }: Place): PhonePanel {
  return panel ?? (left === "tables" ? "requests" : left);
}

/** The filter that a focus adds to. A picked thing lies within what the filter lets through, so it takes its fields' place. */
export function focusedFilter(filter: TrafficFilter, focus: Focus | undefined): TrafficFilter {
  switch (focus?.type) {
    case undefined:
      return filter;
    case "route":
      return { ...filter, hosts: [focus.host], routes: [focus.route] };
    case "cluster":
      return { ...filter, clusters: [focus.upstream] };
    case "endpoint":
      return { ...filter, clusters: [focus.upstream], endpoints: [focus.address] };
  }
}

export function isSameFocus(a: Focus | undefined, b: Focus | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
