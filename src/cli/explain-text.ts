import { hostPort } from "#lib/host-port.ts";
import type {
  ExplainedCompression,
  ExplainedRoute,
  ExplainedUpstream,
  Explanation,
  ExplainQuestion,
} from "#api/ports/explain.ts";
import { formatRef } from "#resources/ref.ts";
import type { LiveComparison } from "./explain-live.ts";

/** Of the routes that do not match, without `--all`. */
const MOST_OTHERS = 10;

const BY = { exact: "by its name", wildcard: "by a wildcard", catchAll: "by the catch-all" } as const;

/** An explanation as people read it: what comes of it first, then why. */
export function explanationText(question: ExplainQuestion, found: Explanation, all: boolean): string {
  const { listener, tls, http3, host, winner } = found;
  const { secure, method, authority, target } = question;
  const facts = [
    ...(listener === undefined
      ? []
      : [["listener", `${listener.name} (${hostPort(listener.address, listener.port)})`]]),
    ...(tls === undefined ? [] : [["TLS", tlsWords(tls)]]),
    ...(http3 === undefined ? [] : [["HTTP/3", http3Words(http3)]]),
    ...(host === undefined ? [] : [["host", `${host.name}, ${BY[host.by]}`]]),
    ...(winner === undefined ? [] : [["wins", routeWords(winner)]]),
  ];
  return [
    `${method} ${secure ? "https" : "http"}://${authority}${target}`,
    found.summary,
    ...section(
      "",
      facts.map(([name = "", words = ""]) => `${name.padEnd(8)}  ${words}`),
    ),
    ...section("loses", loserLines(found, all)),
    ...section("what happens", found.steps),
    ...section(
      "goes to",
      found.upstreams.flatMap((upstream) => upstreamLines(upstream, percent(upstream.share))),
    ),
    ...section(
      "copies go to",
      found.mirrors.flatMap((mirror) => upstreamLines(mirror, `${mirror.percent} %`)),
    ),
  ]
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** What a live request showed beside what was predicted. */
export function liveText({ differences, request }: LiveComparison): string {
  const seen = request === undefined ? [] : [`one real request: ${request}`];
  const words =
    differences.length === 0
      ? ["Envoy did as predicted"]
      : ["ENVOY DID NOT DO AS PREDICTED", ...differences.map((line) => `- ${line}`)];
  return [...section("live", [...seen, ...words])].map((line) => `${line}\n`).join("");
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ["", ...(title === "" ? [] : [`${title}:`]), ...lines.map((line) => `  ${line}`)];
}

function tlsWords({
  minimumVersion,
  maximumVersion,
  certificate,
  clientCertificates,
}: NonNullable<Explanation["tls"]>): string {
  const versions = minimumVersion === maximumVersion ? minimumVersion : `${minimumVersion} to ${maximumVersion}`;
  const from = certificate?.secret === undefined ? "" : ` from ${formatRef(certificate.secret)}`;
  const own = certificate === undefined ? "" : `, certificate of ${certificate.name}${from}`;
  return `${versions}${own}${clientCertificates === undefined ? "" : `, client certificates are ${clientCertificates}`}`;
}

function http3Words({ ports, why = "" }: NonNullable<Explanation["http3"]>): string {
  if (ports.length === 0) return `no: ${why}`;
  return `on UDP port ${ports.join(", ")}, as answers tell (Alt-Svc)`;
}

function routeWords({ asks, owner, rule, origin }: ExplainedRoute): string {
  const part = rule === undefined ? "" : `, ${rule}`;
  const by = owner === undefined ? "the appliance itself" : `${formatRef(owner)}${part}`;
  const line = origin?.line === undefined ? "" : `:${origin.line}`;
  return `${asks}: ${by}${origin === undefined ? "" : ` (${origin.file}${line})`}`;
}

/** Those that would match come first: they are what somebody may have expected. */
function loserLines({ losers, hiddenLosers }: Explanation, all: boolean): string[] {
  const matching = losers.filter(({ matches }) => matches);
  const others = losers.filter(({ matches }) => !matches);
  const shown = all ? others : others.slice(0, MOST_OTHERS);
  const left = others.length - shown.length;
  return [
    ...matching.flatMap((loser) => [routeWords(loser), `  matches too, but ${loser.why}`]),
    ...shown.flatMap((loser) => [routeWords(loser), `  does not match: ${loser.why}`]),
    ...(left === 0 ? [] : [`${left} more that do not match: --all shows them`]),
    ...(hiddenLosers === 0 ? [] : [`${hiddenLosers} of namespaces that you do not see`]),
  ];
}

function upstreamLines(
  { backend, namespace, service, port, notes, compression, endpoints }: ExplainedUpstream,
  share: string,
): string[] {
  const from = backend === "local" ? "" : ` of ${backend}`;
  const priorities = new Set(endpoints.map(({ priority }) => priority)).size > 1;
  return [
    `${share}  ${namespace}/${service}:${port}${from}`,
    ...notes.map((line) => `  ${line}`),
    ...(compression === undefined ? [] : [`  ${encodingWords(compression)}`]),
    ...(endpoints.length === 0 ? ["  no endpoints"] : []),
    ...endpoints.map(({ address, health, weight, priority, zone, of, gateway }) => {
      const after = priorities ? `, priority ${priority}` : "";
      const where = `${zone === undefined ? "" : `, zone ${zone}`}${of === undefined ? "" : `, ${of}`}`;
      const through = gateway === undefined ? "" : `, through gateway ${gateway}`;
      return `  ${address}  ${health}, weight ${weight}${after}${where}${through}`;
    }),
  ];
}

function encodingWords({ chosen }: ExplainedCompression): string {
  if (chosen !== undefined) return `such an answer to this request comes in ${chosen}`;
  return "this request takes none of these (Accept-Encoding): its answer comes as it is";
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
