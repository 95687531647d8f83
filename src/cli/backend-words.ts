import type { BackendDetailAnswer } from "#api/answers.ts";
import type { DependentRoute, FoundService } from "#api/ports/backends.ts";
import { counted } from "#lib/counted.ts";
import { formatProblem } from "#lib/problem.ts";
import { formatRef } from "#resources/ref.ts";
import { formatAge, formatTable } from "./table.ts";

/** How many of a long list are shown; `-o yaml` has them all. */
const SHOWN = 20;

/** One backend for a person, in the manner of `kubectl describe`. `now`: milliseconds since the epoch. */
export function backendWords(backend: BackendDetailAnswer, now: number): string {
  const { name, platform, state, since, lastSync, goneAt, failure, services, endpoints, gateway } = backend;
  const { waiting, waitingSince } = backend;
  const removal = state === "draining" && goneAt !== undefined ? `, gone in ${formatAge(goneAt - now)}` : "";
  const fields: readonly (readonly [string, string])[] = [
    ["Name:", name],
    ["Platform:", platform],
    ["State:", `${state}, for ${formatAge(now - since)}${removal}`],
    ["Last sync:", lastSync === undefined ? "never" : `${formatAge(now - lastSync)} ago`],
    ...(failure === undefined ? [] : [["Error:", `${failure.message} (${failure.kind})`] as const]),
    ...(failure?.fix === undefined ? [] : [["  Fix:", failure.fix] as const]),
    ...(gateway === undefined ? [] : [["Gateway:", gatewayWords(gateway)] as const]),
    ["Services:", `${services.here} of ${services.upstream} upstream are here`],
    ["Endpoints:", `${endpoints.here} of ${endpoints.upstream} upstream are here`],
    [
      "Lag:",
      waitingSince === undefined
        ? "none"
        : `${counted(waiting, "service")} ${waiting === 1 ? "waits" : "wait"}, for ${formatAge(now - waitingSince)}`,
    ],
  ];
  return [
    ...fields.map(([field, value]) => `${field.padEnd(12)}${value}\n`),
    ...section("Namespaces:", namespacesTable(backend)),
    ...heldSection(backend),
    ...section(
      "Not here:",
      shortened(
        backend.unplaced.flatMap((service) =>
          service.problems.map((problem) => `${placeOf(service)}: ${formatProblem(problem)}`),
        ),
      ),
    ),
    ...section("Problems upstream:", shortened(backend.problems.map((problem) => formatProblem(problem)))),
  ].join("");
}

/** `proxy.dc2:3128 (CONNECT over HTTP/2 and TLS): reachable`, and what it failed at. */
export function gatewayWords({
  address,
  protocol,
  tls,
  state,
  detail,
}: NonNullable<BackendDetailAnswer["gateway"]>): string {
  const how = `CONNECT over ${protocol === "http2" ? "HTTP/2" : "HTTP/1.1"}${tls ? " and TLS" : ""}`;
  const words = GATEWAY_STATES[state];
  return `${address === undefined ? "" : `${address}, `}${how}: ${words}${detail === undefined ? "" : `; ${detail}`}`;
}

const GATEWAY_STATES = {
  reachable: "reachable",
  unreachable: "cannot be reached",
  unused: "no route leads to what is behind it",
  unknown: "not looked at yet",
} as const;

/** The routes that a backend's removal would hurt, and how. */
export function routesTable(routes: readonly DependentRoute[]): string {
  if (routes.length === 0) return "no route sends traffic to it\n";
  return formatTable(
    ["OBJECT", "HOST", "ROUTE", "LOSES", "KEEPS"],
    routes.map(({ owner, host, route, services, remaining }) => [
      owner === undefined ? "" : formatRef(owner),
      host,
      route,
      services
        .map(
          ({ name, port, endpoints, share }) =>
            `${name}:${port} (${counted(endpoints, "endpoint")}, ${Math.round(share * 100)}%)`,
        )
        .join(", "),
      remaining === 0 ? "nothing: answers 503" : counted(remaining, "endpoint"),
    ]),
  );
}

function namespacesTable({ namespaces }: BackendDetailAnswer): readonly string[] {
  if (namespaces.length === 0) return [];
  const rows = namespaces.map(({ namespace, services, endpoints }) => [
    namespace,
    `${services.here}/${services.upstream}`,
    `${endpoints.here}/${endpoints.upstream}`,
  ]);
  return formatTable(["NAMESPACE", "SERVICES", "ENDPOINTS"], rows).trimEnd().split("\n");
}

function heldSection({ name, held }: BackendDetailAnswer): readonly string[] {
  if (held.length === 0) return [];
  const words = (service: FoundService): string =>
    `${placeOf(service)}: upstream ${service.isUpstream ? "has no endpoints of it" : "has it no more"}`;
  return section(
    `Held: ${counted(held.length, "service")} that went all at once stay as they were, until they come back or somebody confirms:`,
    [...shortened(held.map(words)), `to let them go: binnacle backends confirm ${name}`],
  );
}

function placeOf({ namespace, name }: FoundService): string {
  return `${namespace}/${name}`;
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= SHOWN) return lines;
  return [...lines.slice(0, SHOWN), `and ${lines.length - SHOWN} more: -o yaml shows all`];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}\n`, ...lines.map((line) => `  ${line}\n`)];
}
