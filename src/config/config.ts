import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { isMap, maps, type Report, rule } from "#lib/schema-rules.ts";
import { acme } from "./acme.ts";
import { alerts } from "./alerts.ts";
import { backends } from "./backends.ts";
import { api, log, xds } from "./control-plane.ts";
import { envoy } from "./envoy.ts";
import { listeners } from "./listeners.ts";
import { monitoring } from "./monitoring.ts";
import { routing } from "./routing.ts";
import { sources } from "./sources.ts";
import { traffic } from "./traffic.ts";
import { upstreams } from "./upstreams.ts";

/**
 * The schema of binnacle.yaml. Every setting has a default, or is off when absent.
 *
 * @param fromHere makes a path of the file one that can be opened
 */
export function configSchema(fromHere: (path: string) => string) {
  return z
    .strictObject({
      listeners: listeners.describe(
        "The ports of the data plane. Nothing listens beyond loopback unless it is said here.",
      ),
      sources: sources(fromHere).describe("Where objects come from."),
      backends: backends(fromHere).describe("Where upstreams are found besides the home of the objects."),
      routing: routing.describe("What applies to every route unless an object says otherwise."),
      acme: acme(fromHere)
        .exactOptional()
        .describe("Where certificates are ordered from for objects that ask for it; nowhere when absent."),
      upstreams: upstreams.describe("Where traffic may go."),
      envoy: envoy.describe("The data plane's process."),
      xds: xds(fromHere).describe("How Envoys reach the control plane; the local one uses a Unix socket."),
      api: api(fromHere).describe("Console, API, WebSocket, metrics and health."),
      traffic: traffic.describe("What is kept of single requests. Totals are always exact and do not depend on it."),
      monitoring: monitoring.describe("The programs that are run beside Envoy, all on 127.0.0.1."),
      alerts: alerts(fromHere).describe("Who hears of what."),
      log: log.describe("The control plane's own log, on standard error."),
    })
    .check(rule(checkPorts))
    .check(rule(checkRemoteGateways));
}

/** The appliance's configuration. Durations are milliseconds; a setting that is absent by default is `undefined`. */
export type Config = Immutable<z.output<ReturnType<typeof configSchema>>>;

/** A gateway's listener is a socket in the state directory, which is on this machine. */
function checkRemoteGateways(
  { backends: platforms, xds: how }: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  if (!isMap(how) || how["remote"] === undefined) return;
  for (const [index, { gateway }] of maps(platforms).entries()) {
    if (gateway === undefined) continue;
    const message = "Envoys on other machines (xds.remote) cannot use gateways";
    report(
      ["backends", index, "gateway"],
      message,
      "remove xds.remote, or give those Envoys an appliance of their own",
    );
  }
}

/** Every port of TCP may stand once, whoever listens on it: the second would fail to start, or take the first one's traffic. */
function checkPorts(config: Readonly<Record<string, unknown>>, report: Report): void {
  const taken = new Map<number, string>();
  for (const { path, port } of tcpPorts(config)) {
    const words = path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
      .join("")
      .slice(1);
    const first = taken.get(port);
    if (first === undefined) taken.set(port, words);
    else report(path, `port ${port} is taken by ${first}`, "use another port");
  }
}

function* tcpPorts(config: Readonly<Record<string, unknown>>): Generator<{ path: (string | number)[]; port: number }> {
  // Listeners among themselves are checked with their addresses.
  const seen = new Set<number>();
  for (const [index, { port, protocol }] of maps(config["listeners"]).entries()) {
    if (typeof port !== "number" || protocol === "udp" || seen.has(port)) continue;
    seen.add(port);
    yield { path: ["listeners", index, "port"], port };
  }
  for (const [room, part, setting] of OWN_PORTS) {
    const path = part === undefined ? [room, setting] : [room, part, setting];
    const owner = path.slice(0, -1).reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), config);
    if (!isMap(owner) || owner["enabled"] === false) continue;
    const port = owner[setting];
    if (typeof port === "number") yield { path, port };
  }
}

const OWN_PORTS = [
  ["api", undefined, "port"],
  ["envoy", undefined, "statsPort"],
  ["xds", "remote", "port"],
  ["xds", "remote", "accessLogPort"],
  ["monitoring", "prometheus", "port"],
  ["monitoring", "alertmanager", "port"],
  ["monitoring", "nodeExporter", "port"],
  ["monitoring", "grafana", "port"],
] as const;
