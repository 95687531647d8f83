import { z } from "zod";
import { describeValue } from "#lib/describe-value.ts";
import { maps, type Report, reportDuplicates, rule, text } from "#lib/schema-rules.ts";
import { isDnsLabel, isDnsSubdomain } from "#resources/names.ts";
import { address, count, name, port } from "./setting.ts";

const service = text((value) =>
  parseService(value) === undefined ? { message: complaint(value) } : undefined,
).transform((value) => parseService(value) ?? z.NEVER);

const listener = z
  .strictObject({
    name: name()
      .exactOptional()
      .describe("What the listener is called in statistics; by default its protocol and port."),
    address: address()
      .prefault("127.0.0.1")
      .describe("Where it listens; 0.0.0.0 and :: are all addresses of the machine."),
    port: port().describe("The port it listens on."),
    protocol: z
      .enum(["http", "https", "tcp", "udp"])
      .describe("http and https are routed by the objects; tcp and udp go to one Service."),
    proxyProtocol: z
      .boolean()
      .default(false)
      .describe("Whether connections begin with a PROXY protocol header (version 1 or 2)."),
    trustedHops: count(0, 100)
      .default(0)
      .describe(
        "How many proxies in front are trusted to have appended to X-Forwarded-For; 0 believes only the connection.",
      ),
    http3: z
      .boolean()
      .default(false)
      .describe(
        "For https: whether HTTP/3 (QUIC) is spoken on the same port of UDP, and clients are told so (Alt-Svc).",
      ),
    http3Port: port()
      .exactOptional()
      .describe("The UDP port that clients are told, where something in front translates ports."),
    service: service
      .exactOptional()
      .describe("For tcp and udp: where traffic goes, as namespace/name:port (a number or a port's name)."),
  })
  .check(rule(checkListener))
  .transform(({ name, service, ...rest }) => ({ ...rest, name: name ?? `${rest.protocol}-${rest.port}`, service }));

/** `listeners`: the ports of the data plane. */
export const listeners = z
  .array(listener)
  .min(1)
  .check(rule(checkListeners))
  .prefault([
    { name: "http", port: 8080, protocol: "http" },
    { name: "https", port: 8443, protocol: "https" },
  ]);

interface LooseListener {
  readonly protocol?: unknown;
  readonly http3?: unknown;
  readonly http3Port?: unknown;
  readonly service?: unknown;
  readonly proxyProtocol?: unknown;
}

function checkListener(listener: LooseListener, report: Report): void {
  const { protocol, service, proxyProtocol } = listener;
  const routed = protocol === "http" || protocol === "https";
  if (routed && service !== undefined)
    report(["service"], `not allowed with protocol ${protocol}`, "remove it: objects route its requests");
  if ((protocol === "tcp" || protocol === "udp") && service === undefined) {
    report(["service"], `missing with protocol ${protocol}, expected namespace/name:port`, "add it");
  }
  if (protocol === "udp" && proxyProtocol === true)
    report(["proxyProtocol"], "not possible with protocol udp", "remove it");
  checkHttp3(listener, report);
}

function checkHttp3({ protocol, proxyProtocol, http3, http3Port }: LooseListener, report: Report): void {
  if (http3 !== true) {
    if (http3Port !== undefined) report(["http3Port"], "has no effect without http3", "set http3: true, or remove it");
    return;
  }
  if (protocol !== "https")
    report(["http3"], `not possible with protocol ${String(protocol)}`, "HTTP/3 is encrypted always: use https");
  if (proxyProtocol === true)
    report(["http3"], "not possible with proxyProtocol, which UDP does not have", "remove one of the two");
}

function checkListeners(listeners: readonly unknown[], report: Report): void {
  const entries = maps(listeners);
  reportDuplicates(
    entries,
    ({ name }) => (typeof name === "string" ? `name ${name}` : undefined),
    (index, message) => report([index, "name"], message, "give each listener its own name"),
  );
  for (const [index, entry] of entries.entries()) {
    const first = entries.slice(0, index).findIndex((earlier) => overlap(earlier, entry));
    if (first >= 0)
      report([index, "port"], `port ${describe(entry)} is taken by listener ${first}`, "use another port or address");
  }
}

/** Whether two listeners would receive the same packets: an unspecified address takes those of all others. */
function overlap(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  if (a["port"] !== b["port"] || !transports(a).some((transport) => transports(b).includes(transport))) return false;
  return [a, b].some(({ address }) => address === "0.0.0.0" || address === "::") || a["address"] === b["address"];
}

function transports({ protocol, http3 }: Readonly<Record<string, unknown>>): readonly ("tcp" | "udp")[] {
  if (protocol === "udp") return ["udp"];
  return http3 === true ? ["tcp", "udp"] : ["tcp"];
}

function describe({ port, protocol }: Readonly<Record<string, unknown>>): string {
  return `${String(port)} (${protocol === "udp" ? "UDP" : "TCP"})`;
}

function parseService(value: string): { namespace: string; name: string; port: number | string } | undefined {
  const match = /^([^/]+)\/([^/:]+):([^:]+)$/.exec(value);
  const [, namespace = "", name = "", port = ""] = match ?? [];
  if (!isDnsLabel(namespace) || !isDnsSubdomain(name)) return undefined;
  if (/^\d+$/.test(port))
    return Number(port) >= 1 && Number(port) <= 65535 ? { namespace, name, port: Number(port) } : undefined;
  return isDnsLabel(port) ? { namespace, name, port } : undefined;
}

function complaint(value: string): string {
  return `found ${describeValue(value)}, expected namespace/name:port such as databases/postgres:5432`;
}
