import type { SamplingState } from "#traffic/messages.ts";
import type { ClusterState, EnvoyTotals, Rates, StreamTotals, Totals } from "#traffic/table-rows.ts";
import { formatUpstream } from "#traffic/upstream.ts";
import type { Ink, Paint } from "./ink.ts";
import { formatTable, type Heading, type PaintCell } from "./table.ts";
import type { TopPicture } from "./top-picture.ts";

const RATES: readonly Heading[] = ["REQ/S", "FAILED", "P50", "P99"].map(number);

/** Of a terminal, in signs. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The picture as text of at most `height` lines: the busiest of what there is. Tables fit the width. Pure. */
export function topText(picture: TopPicture, { height, width }: Size, paint: Paint): string {
  const { totals, sampling, streams, envoys, routes, clusters } = picture;
  const several = sampling.envoys.length > 1 ? envoysTable(sampling.envoys, envoys, paint, width) : [];
  const forwarded = streams.length > 0 ? streamsTable(streams, paint, width) : [];
  // Four lines go to the headings and blanks; routes and upstreams share the rest.
  const rows = Math.max(3, Math.floor((height - 8 - [...several, ...forwarded].join("").split("\n").length) / 2));
  const busiest = [...routes.values()]
    .sort((a, b) => b.rates.perSecond - a.rates.perSecond || (a.key < b.key ? -1 : 1))
    .slice(0, rows);
  const upstreams = [...clusters.values()]
    .sort((a, b) => b.rates.perSecond - a.rates.perSecond || (a.key < b.key ? -1 : 1))
    .slice(0, rows);
  const lines = upstreams.flatMap(upstreamLines).slice(0, rows);
  return [
    `${headline(totals, paint)}\n`,
    `${paint("faint", sampling.words)}\n\n`,
    ...several,
    formatTable(
      ["HOST", "ROUTE", "OBJECT", ...RATES],
      busiest.map(({ host, route, owner, rates }) => [
        host || "(no host)",
        route || "(no route)",
        owner === undefined ? "-" : `${owner.kind.toLowerCase()} ${owner.namespace}/${owner.name}`,
        ...rateCells(rates),
      ]),
      painting(paint, (row, column) => (column === 4 ? failing(busiest[row]?.rates) : undefined)),
      width,
    ),
    "\n",
    formatTable(
      ["UPSTREAM", "HEALTHY", ...RATES],
      lines.map(({ cells }) => cells),
      painting(paint, (row, column) => {
        const cluster = lines[row]?.cluster;
        if (column === 1 && cluster !== undefined) return ailing(cluster);
        return column === 3 ? failing(cluster?.rates) : undefined;
      }),
      width,
    ),
    ...forwarded,
  ].join("");
}

interface UpstreamLine {
  readonly cells: readonly string[];
  /** Of a line about an upstream, not about one that takes over from it. */
  readonly cluster?: ClusterState;
}

/** An upstream, and below it who takes over from it, with what each of these gets now. */
function upstreamLines(cluster: ClusterState): readonly UpstreamLine[] {
  const { upstream, rates, sentTo = [] } = cluster;
  return [
    { cells: [formatUpstream(upstream), healthWords(cluster), ...rateCells(rates)], cluster },
    ...sentTo
      .slice(1)
      .filter(({ requests }) => requests > 0)
      .map(({ upstream: by, perSecond }) => ({
        cells: [`  of these to ${formatUpstream(by)}`, "", perSecond.toFixed(1), "", "", ""],
      })),
  ];
}

/** A line for each listener of TCP or UDP, and for each server name whose connections are forwarded. */
function streamsTable(streams: readonly StreamTotals[], paint: Paint, width: number): readonly string[] {
  const rows = streams.map((stream) => [
    stream.key,
    stream.protocol.toUpperCase(),
    stream.upstreams.length === 0 ? "(no Service)" : stream.upstreams.map(forwardWords).join(", "),
    stream.perSecond.toFixed(1),
    stream.connections.toLocaleString("en"),
    stream.failed.toLocaleString("en"),
    kilobytes(stream.bytesInPerSecond),
    kilobytes(stream.bytesOutPerSecond),
  ]);
  const numbers = ["CONN/S", "CONNECTIONS", "FAILED", "IN KB/S", "OUT KB/S"].map(number);
  return ["\n", formatTable(["LISTENER", "PROTOCOL", "UPSTREAM", ...numbers], rows, painting(paint), width)];
}

function forwardWords({ upstream, share }: StreamTotals["upstreams"][number]): string {
  return share === 1 ? formatUpstream(upstream) : `${Math.round(share * 100)} % ${formatUpstream(upstream)}`;
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

/** A line for each Envoy that is known, with what it served of what is shown. */
function envoysTable(
  known: SamplingState["envoys"],
  totals: ReadonlyMap<string, EnvoyTotals>,
  paint: Paint,
  width: number,
): readonly string[] {
  const rows = known.map(({ id, reachable }) => {
    const rates = totals.get(id)?.rates;
    return [id, reachable ? "yes" : "no", ...rateCells(rates)];
  });
  const inks = painting(paint, (row, column) => {
    const envoy = known[row];
    if (column === 1) return envoy?.reachable === false ? "bad" : undefined;
    return column === 3 ? failing(totals.get(envoy?.id ?? "")?.rates) : undefined;
  });
  return [formatTable(["ENVOY", "HEARD", ...RATES], rows, inks, width), "\n"];
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

function headline({ rates, counts }: Totals, paint: Paint): string {
  const ink = failing(rates);
  const failed = `${percent(rates.errorRatio)} failed`;
  return [
    paint("strong", `${rates.perSecond.toFixed(1)} requests/s`),
    ink === undefined ? failed : paint(ink, failed),
    ...(rates.latency === undefined ? [] : [`p50 ${millis(rates.latency.p50)}  p99 ${millis(rates.latency.p99)}`]),
    `${counts.requests.toLocaleString("en")} requests since the start`,
  ].join("   ");
}

function rateCells(rates: Rates | undefined): readonly string[] {
  return [
    (rates?.perSecond ?? 0).toFixed(1),
    percent(rates?.errorRatio ?? 0),
    millis(rates?.latency?.p50),
    millis(rates?.latency?.p99),
  ];
}

/** One request in twenty is an outage for somebody. */
function failing(rates: Rates | undefined): Ink | undefined {
  if (rates === undefined || rates.errorRatio === 0) return undefined;
  return rates.errorRatio < 0.05 ? "poor" : "bad";
}

function ailing({ healthy, endpoints }: ClusterState): Ink | undefined {
  if (healthy >= endpoints.length) return undefined;
  return healthy === 0 ? "bad" : "poor";
}

/** Headings faint, cells by what is wrong with them. */
function painting(paint: Paint, ink?: (row: number, column: number) => Ink | undefined): PaintCell {
  return (text, row, column) => {
    if (row === undefined) return paint("faint", text);
    const found = ink?.(row, column);
    return found === undefined ? text : paint(found, text);
  };
}

function number(name: string): Heading {
  return { name, right: true, least: 6 };
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)}%`;
}

function millis(value: number | undefined): string {
  return value === undefined ? "-" : `${value < 10 ? value.toFixed(1) : Math.round(value)}ms`;
}
