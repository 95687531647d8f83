import type {
  ClusterState,
  DeltaMessage,
  RouteTotals,
  SamplingState,
  SnapshotMessage,
  Totals,
} from "#traffic/messages.ts";
import type { CliContext } from "./context.ts";
import type { LocationFlags } from "./locations.ts";
import { formatTable } from "./table.ts";
import { type FilterFlags, filterOf, trafficFeed } from "./traffic-feed.ts";

export type TopFlags = LocationFlags & FilterFlags & { readonly once?: boolean };

interface Picture {
  totals: Totals;
  sampling: SamplingState;
  readonly routes: Map<string, RouteTotals>;
  readonly clusters: Map<string, ClusterState>;
}

const CLEAR_AND_HOME = "\u001B[H\u001B[J";

/** `binnacle top`: rates, errors and latencies by route and upstream, redrawn as they change; one picture with `--once`. */
export async function top(flags: TopFlags, context: CliContext): Promise<number> {
  let picture: Picture | undefined;
  for await (const message of trafficFeed(
    { filter: filterOf(flags), recentRows: 1, rowsPerSecond: 1, tableRows: 100, columns: 1 },
    flags,
    context,
  )) {
    if (message.type === "snapshot") picture = pictureOf(message);
    else if (message.type === "delta" && picture !== undefined) update(picture, message);
    else continue;
    const text = draw(picture, context.stdout.rows ?? 40);
    context.stdout.write(flags.once === true || context.stdout.isTTY !== true ? text : `${CLEAR_AND_HOME}${text}`);
    if (flags.once === true) return 0;
  }
  return 0;
}

function pictureOf({ totals, sampling, routes, clusters }: SnapshotMessage): Picture {
  return {
    totals,
    sampling,
    routes: new Map(routes.map((route) => [route.key, route])),
    clusters: new Map(clusters.map((cluster) => [cluster.key, cluster])),
  };
}

function update(picture: Picture, delta: DeltaMessage): void {
  picture.totals = delta.totals ?? picture.totals;
  picture.sampling = delta.sampling ?? picture.sampling;
  for (const route of delta.routes ?? []) picture.routes.set(route.key, route);
  for (const key of delta.removed?.routes ?? []) picture.routes.delete(key);
  for (const cluster of delta.clusters ?? []) picture.clusters.set(cluster.key, cluster);
  for (const key of delta.removed?.clusters ?? []) picture.clusters.delete(key);
}

function draw({ totals, sampling, routes, clusters }: Picture, height: number): string {
  // Four lines go to the headings and blanks; routes and upstreams share the rest.
  const rows = Math.max(3, Math.floor((height - 8) / 2));
  const busiest = [...routes.values()]
    .sort((a, b) => b.rates.perSecond - a.rates.perSecond || (a.key < b.key ? -1 : 1))
    .slice(0, rows);
  const upstreams = [...clusters.values()]
    .sort((a, b) => b.rates.perSecond - a.rates.perSecond || (a.key < b.key ? -1 : 1))
    .slice(0, rows);
  return [
    `${totals.rates.perSecond.toFixed(1)} requests/s   ${percent(totals.rates.errorRatio)} failed   ${latency(totals)}   ${totals.counts.requests} requests since the start\n`,
    `${sampling.words}\n\n`,
    formatTable(
      ["HOST", "ROUTE", "OBJECT", "REQ/S", "FAILED", "P50", "P99"],
      busiest.map(({ host, route, owner, rates }) => [
        host || "(no host)",
        route || "(no route)",
        owner === undefined ? "" : `${owner.kind.toLowerCase()} ${owner.namespace}/${owner.name}`,
        rates.perSecond.toFixed(1),
        percent(rates.errorRatio),
        millis(rates.latency?.p50),
        millis(rates.latency?.p99),
      ]),
    ),
    "\n",
    formatTable(
      ["UPSTREAM", "HEALTHY", "REQ/S", "FAILED", "P50", "P99"],
      upstreams.map(({ upstream, healthy, endpoints, rates }) => [
        `${upstream.namespace}/${upstream.service}:${upstream.port}`,
        `${healthy}/${endpoints.length}`,
        rates.perSecond.toFixed(1),
        percent(rates.errorRatio),
        millis(rates.latency?.p50),
        millis(rates.latency?.p99),
      ]),
    ),
  ].join("");
}

function latency({ rates }: Totals): string {
  return rates.latency === undefined ? "" : `p50 ${millis(rates.latency.p50)}  p99 ${millis(rates.latency.p99)}`;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)}%`;
}

function millis(value: number | undefined): string {
  return value === undefined ? "-" : `${value < 10 ? value.toFixed(1) : Math.round(value)}ms`;
}
