import type { DeltaMessage, SamplingState, SnapshotMessage } from "#traffic/messages.ts";
import type { ClusterState, EnvoyTotals, RouteTotals, StreamTotals, Totals } from "#traffic/table-rows.ts";
import { formatUpstream } from "#traffic/upstream.ts";
import type { CliContext } from "./context.ts";
import type { ReachFlags } from "./reach-api.ts";
import { formatTable } from "./table.ts";
import { type FilterFlags, filterOf, trafficFeed } from "./traffic-feed.ts";

export type TopFlags = ReachFlags & FilterFlags & { readonly once?: boolean };

interface Picture {
  totals: Totals;
  sampling: SamplingState;
  streams: readonly StreamTotals[];
  readonly envoys: Map<string, EnvoyTotals>;
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

function pictureOf({ totals, sampling, streams, envoys, routes, clusters }: SnapshotMessage): Picture {
  return {
    totals,
    sampling,
    streams,
    envoys: new Map(envoys.map((envoy) => [envoy.key, envoy])),
    routes: new Map(routes.map((route) => [route.key, route])),
    clusters: new Map(clusters.map((cluster) => [cluster.key, cluster])),
  };
}

function update(picture: Picture, delta: DeltaMessage): void {
  picture.totals = delta.totals ?? picture.totals;
  picture.sampling = delta.sampling ?? picture.sampling;
  picture.streams = delta.streams ?? picture.streams;
  for (const envoy of delta.envoys ?? []) picture.envoys.set(envoy.key, envoy);
  for (const route of delta.routes ?? []) picture.routes.set(route.key, route);
  for (const key of delta.removed?.routes ?? []) picture.routes.delete(key);
  for (const cluster of delta.clusters ?? []) picture.clusters.set(cluster.key, cluster);
  for (const key of delta.removed?.clusters ?? []) picture.clusters.delete(key);
}

function draw({ totals, sampling, streams, envoys, routes, clusters }: Picture, height: number): string {
  const several = sampling.envoys.length > 1 ? envoysTable(sampling.envoys, envoys) : [];
  const forwarded = streams.length > 0 ? streamsTable(streams) : [];
  // Four lines go to the headings and blanks; routes and upstreams share the rest.
  const rows = Math.max(3, Math.floor((height - 8 - [...several, ...forwarded].join("").split("\n").length) / 2));
  const busiest = [...routes.values()]
    .sort((a, b) => b.rates.perSecond - a.rates.perSecond || (a.key < b.key ? -1 : 1))
    .slice(0, rows);
  const upstreams = [...clusters.values()]
    .sort((a, b) => b.rates.perSecond - a.rates.perSecond || (a.key < b.key ? -1 : 1))
    .slice(0, rows);
  return [
    `${totals.rates.perSecond.toFixed(1)} requests/s   ${percent(totals.rates.errorRatio)} failed   ${latency(totals)}   ${totals.counts.requests} requests since the start\n`,
    `${sampling.words}\n\n`,
    ...several,
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
      upstreams.map((cluster) => {
        const { upstream, rates } = cluster;
        return [
          formatUpstream(upstream),
          healthWords(cluster),
          rates.perSecond.toFixed(1),
          percent(rates.errorRatio),
          millis(rates.latency?.p50),
          millis(rates.latency?.p99),
        ];
      }),
    ),
    ...forwarded,
  ].join("");
}

/** A line for each listener of TCP or UDP. */
function streamsTable(streams: readonly StreamTotals[]): readonly string[] {
  const rows = streams.map((stream) => [
    stream.key,
    stream.protocol.toUpperCase(),
    stream.upstream === undefined ? "(no Service)" : formatUpstream(stream.upstream),
    stream.perSecond.toFixed(1),
    String(stream.connections),
    String(stream.failed),
    kilobytes(stream.bytesInPerSecond),
    kilobytes(stream.bytesOutPerSecond),
  ]);
  return [
    "\n",
    formatTable(["LISTENER", "PROTOCOL", "UPSTREAM", "CONN/S", "CONNECTIONS", "FAILED", "IN KB/S", "OUT KB/S"], rows),
  ];
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

/** A line for each Envoy that is known, with what it served of what is shown. */
function envoysTable(known: SamplingState["envoys"], totals: ReadonlyMap<string, EnvoyTotals>): readonly string[] {
  const rows = known.map(({ id, reachable }) => {
    const rates = totals.get(id)?.rates;
    return [
      id,
      reachable ? "yes" : "no",
      (rates?.perSecond ?? 0).toFixed(1),
      percent(rates?.errorRatio ?? 0),
      millis(rates?.latency?.p50),
      millis(rates?.latency?.p99),
    ];
  });
  return [formatTable(["ENVOY", "HEARD", "REQ/S", "FAILED", "P50", "P99"], rows), "\n"];
}

/** `2/3`; where Envoys differ, each: `2/3 (edge-1 1/3)`. */
function healthWords({ healthy, endpoints, seenBy = [] }: ClusterState): string {
  const own = `${healthy}/${endpoints.length}`;
  const others = seenBy.flatMap((seen) => {
    const words = `${seen.healthy}/${seen.endpoints}`;
    return words === own ? [] : [`${seen.envoy} ${words}`];
  });
  if (others.length === 0) return own;
  return endpoints.length === 0 ? others.join(", ") : `${own} (${others.join(", ")})`;
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
