import { compareText } from "#lib/compare.ts";
import { readServiceAnnotations } from "#resources/annotations.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import type { Service, ServicePort } from "#resources/service.ts";
import { findPort, serviceRef } from "./backend.ts";
import { type CollectedEndpoints, collectEndpoints, slicePort } from "./endpoints.ts";
import { serviceKey, SLICES_BY_SERVICE } from "./indexes.ts";
import { clusterName, type IrCluster, type UpstreamIdentity } from "./ir.ts";
import { refusedHost } from "./local-address.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Reader, UnitBuilder, UnitItem } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

type DnsHost = { readonly host: string; readonly port: number };

/** Builds `upstream:B/N/S/P`: a Service port's cluster, and its endpoints where they are addresses. */
export function upstreamBuilder(settings: TranslateSettings): UnitBuilder {
  return (key, read) => {
    const upstream = parseUpstream(key);
    const service = read.get("Service", upstream.namespace, upstream.service)?.object;
    const port = service && findPort(service, upstream.port, upstream.transport);
    if (service === undefined || (port === undefined && service.spec.type !== "ExternalName")) return undefined;
    const verdicts: Verdict[] = [];
    const found =
      service.spec.type === "ExternalName"
        ? externalName(service, upstream, settings, verdicts)
        : serviceEndpoints(service, port!, settings, read, verdicts);
    const base = cluster(upstream, service, port, settings);
    const own = serviceRef(upstream.namespace, upstream.service);
    const items: UnitItem[] =
      found.dns.length > 0
        ? [{ item: { ...base, endpoints: { from: "dns", hosts: found.dns } }, from: [own, ...found.from] }]
        : [
            { item: base, from: [own] },
            {
              item: { type: "endpoints", name: base.name, endpoints: found.endpoints },
              from: found.from.length > 0 ? found.from : [own],
            },
          ];
    return { items, verdicts, needs: [], facts: [] };
  };
}

export function parseUpstream(key: string): UpstreamIdentity {
  const [backend = "", namespace = "", service = "", port = "", transport = "tcp"] = key.split("/");
  return { backend, namespace, service, port: Number(port), transport: transport === "udp" ? "udp" : "tcp" };
}

function cluster(
  upstream: UpstreamIdentity,
  service: Service,
  port: ServicePort | undefined,
  settings: TranslateSettings,
): IrCluster {
  const wishes = readServiceAnnotations(service.metadata.annotations).value;
  const asked = (ports: readonly string[]): boolean =>
    ports.includes(String(upstream.port)) || (port !== undefined && port.name !== "" && ports.includes(port.name));
  const tls = asked(wishes.upstreamProtocol.tls) || asked(wishes.upstreamProtocol.h2) || port?.appProtocol === "https";
  const http2 =
    asked(wishes.upstreamProtocol.h2) ||
    asked(wishes.upstreamProtocol.h2c) ||
    HTTP2_APP_PROTOCOLS.has(port?.appProtocol ?? "");
  return {
    type: "cluster",
    name: clusterName(upstream),
    upstream,
    endpoints: { from: "discovery" },
    protocol: http2 ? "http2" : "http1",
    tls,
    connectTimeout: settings.connectTimeout,
    healthCheck: wishes.healthCheck,
    outlierDetection: wishes.outlierDetection,
    circuitBreaker: wishes.circuitBreaker,
  };
}

/** `kubernetes.io/h2c` is KEP-3726's word, the others are in use with gRPC services. */
const HTTP2_APP_PROTOCOLS: ReadonlySet<string> = new Set(["kubernetes.io/h2c", "h2c", "grpc", "http2"]);

interface Found {
  readonly endpoints: CollectedEndpoints["endpoints"];
  readonly dns: readonly DnsHost[];
  /** The slices, or the Endpoints object, that they come from. */
  readonly from: readonly ObjectRef[];
}

const NOTHING: Found = { endpoints: [], dns: [], from: [] };

function serviceEndpoints(
  service: Service,
  port: ServicePort,
  settings: TranslateSettings,
  read: Reader,
  verdicts: Verdict[],
): Found {
  const { namespace, name } = service.metadata;
  const slices = read
    .list(SLICES_BY_SERVICE, serviceKey(namespace, name))
    .map(({ object }) => object)
    .filter((object): object is EndpointSlice => object.kind === "EndpointSlice");
  const legacy = slices.length === 0 ? read.get("Endpoints", namespace, name)?.object : undefined;
  const found = collectEndpoints(slices, legacy, port, settings.upstreams);
  const from = slices.map(refOf);
  if (legacy !== undefined) from.push(refOf(legacy));
  verdicts.push(...found.verdicts);
  if (slices.length > 0 && slices.every((slice) => slicePort(slice, port) === undefined)) {
    verdicts.push(noSuchPort(serviceRef(namespace, name), port, slices));
  }
  if (found.names.length === 0) return { endpoints: found.endpoints, dns: [], from };
  if (found.endpoints.length > 0) {
    verdicts.push({
      ref: serviceRef(namespace, name),
      severity: "warning",
      reason: "MixedAddressTypes",
      path: "",
      message: `port ${port.port} has both addresses and names as endpoints; the addresses are used and the names (${found.names.map(({ host }) => host).join(", ")}) are not`,
      fix: "put names and addresses into Services of their own",
    });
    return { endpoints: found.endpoints, dns: [], from };
  }
  return { endpoints: [], dns: found.names, from };
}

/** Slices are joined to a port by its name: where none has it, the Service stays empty without a word. */
function noSuchPort(ref: ObjectRef, port: ServicePort, slices: readonly EndpointSlice[]): Verdict {
  const found = new Set(slices.flatMap(({ ports }) => ports.map(portWords)));
  return {
    ref,
    severity: "warning",
    reason: "NoEndpointPort",
    path: "spec.ports",
    message: `no EndpointSlice has port ${port.port}, which is ${portWords(port)} (what they have: ${[...found].sort(compareText).join(", ") || "none"}), so it has no endpoints`,
    fix: "give the port of the Service and that of its slices the same name and protocol",
  };
}

function portWords({ name, protocol }: { readonly name: string; readonly protocol: string }): string {
  return `${protocol} ${name === "" ? "without a name" : name}`;
}

function externalName(
  service: Service,
  upstream: UpstreamIdentity,
  settings: TranslateSettings,
  verdicts: Verdict[],
): Found {
  const { namespace, name } = service.metadata;
  const host = service.spec.externalName ?? "";
  const refuse = (reason: string, message: string, fix: string): Found => {
    verdicts.push({
      ref: serviceRef(namespace, name),
      severity: "error",
      reason,
      path: "spec.externalName",
      message,
      fix,
    });
    return NOTHING;
  };
  if (!settings.upstreams.externalName) {
    return refuse(
      "ExternalNameDisabled",
      "ExternalName Services are switched off, so this Service has no endpoints",
      "set upstreams.externalName: true in binnacle.yaml, or use an EndpointSlice",
    );
  }
  const refused = refusedHost(host, upstream.port, settings.upstreams);
  if (refused !== undefined) {
    return refuse(refused.reason, `${host} ${refused.message}`, refused.fix);
  }
  return { endpoints: [], dns: [{ host, port: upstream.port }], from: [] };
}
