import { compareText } from "#lib/compare.ts";
import { readServiceAnnotations } from "#resources/annotations.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import type { Service, ServicePort } from "#resources/service.ts";
import { findPort, serviceRef } from "./backend.ts";
import { authoritiesOf } from "./certificate-authority.ts";
import { type CollectedEndpoints, collectEndpoints, slicePort } from "./endpoints.ts";
import { serviceKey, SLICES_BY_SERVICE } from "./indexes.ts";
import type { IrCluster, IrEndpoints, UpstreamIdentity } from "./ir.ts";
import { refusedHost } from "./local-address.ts";
import type { TranslateSettings } from "./settings.ts";
import type { Reader, UnitBuilder, UnitItem } from "./unit.ts";
import { upstreamProtocol } from "./upstream-protocol.ts";
import { parseUpstream, upstreamCluster, type UpstreamVariation } from "./upstream-variation.ts";
import type { Verdict } from "./verdict.ts";

type DnsHost = { readonly host: string; readonly port: number };

/**
 * Builds `upstream:B/N/S/P`, or a variation of it: a Service port's cluster, and its endpoints where they are addresses. A
 * variation has endpoints of its own: Envoy does not hand a cluster that comes later what another one got before.
 */
export function upstreamBuilder(settings: TranslateSettings): UnitBuilder {
  return (key, read) => {
    const { upstream, variation } = parseUpstream(key);
    const service = read.get("Service", upstream.namespace, upstream.service)?.object;
    const port = service && findPort(service, upstream.port, upstream.transport);
    if (service === undefined || (port === undefined && service.spec.type !== "ExternalName")) return undefined;
    const verdicts: Verdict[] = [];
    const found =
      service.spec.type === "ExternalName"
        ? externalName(service, upstream, settings, verdicts)
        : serviceEndpoints(service, port!, settings, read, verdicts);
    const base = cluster(upstream, variation, service, port, settings, read);
    if (base === undefined) return undefined;
    const own = serviceRef(upstream.namespace, upstream.service);
    const items: UnitItem[] =
      found.dns.length > 0
        ? [{ item: { ...base, endpoints: { from: "dns", hosts: found.dns } }, from: [own, ...found.from] }]
        : [
            { item: base, from: [own] },
            {
              item: { type: "endpoints", name: base.name, endpoints: found.endpoints, ...healthPort(variation) },
              from: found.from.length > 0 ? found.from : [own],
            },
          ];
    return { items, verdicts, needs: [], facts: [] };
  };
}

/** Undefined: it cannot be verified as it is asked for, and nobody sends to it then. */
function cluster(
  upstream: UpstreamIdentity,
  variation: UpstreamVariation,
  service: Service,
  port: ServicePort | undefined,
  settings: TranslateSettings,
  read: Reader,
): IrCluster | undefined {
  const wishes = readServiceAnnotations(service.metadata.annotations).value;
  const { http2, tls } = upstreamProtocol(variation.protocol, service, upstream.port, port);
  const verify = variation.verify === undefined ? undefined : verifiedBy(variation.verify, read);
  if (verify === "refused") return undefined;
  const { sni, idleTimeout, loadBalancing, slowStart } = variation;
  return {
    type: "cluster",
    name: upstreamCluster(upstream, variation).cluster,
    upstream,
    endpoints: { from: "discovery" },
    protocol: http2 ? "http2" : "http1",
    tls,
    ...(sni === undefined && verify === undefined ? {} : { sni: sni ?? verify?.names[0] ?? "" }),
    ...(verify === undefined ? {} : { verify }),
    connectTimeout: settings.connectTimeout,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(loadBalancing === undefined ? {} : { loadBalancing }),
    ...(slowStart === undefined ? {} : { slowStart }),
    healthCheck: variation.healthCheck ?? wishes.healthCheck,
    outlierDetection: wishes.outlierDetection,
    circuitBreaker: wishes.circuitBreaker,
  };
}

function verifiedBy(
  { namespace, secret, names }: NonNullable<UpstreamVariation["verify"]>,
  read: Reader,
): NonNullable<IrCluster["verify"]> | "refused" {
  const found = read.get("Secret", namespace, secret)?.object;
  const authorities = found === undefined ? undefined : authoritiesOf(found);
  return authorities === undefined || "problem" in authorities ? "refused" : { authorities: authorities.pem, names };
}

function healthPort({ healthPort: port }: UpstreamVariation): Pick<IrEndpoints, "healthPort"> {
  return port === undefined ? {} : { healthPort: port };
}

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
