import { compareText } from "#lib/compare.ts";
import { readServiceAnnotations } from "#resources/annotations.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { withoutFinalDot } from "#resources/names.ts";
import type { Service, ServicePort } from "#resources/service.ts";
import { findPort, serviceRef } from "./backend.ts";
import { authoritiesOf } from "./certificate-authority.ts";
import { type Candidate, settleEndpoints } from "./candidates.ts";
import { collectEndpoints, slicePort } from "./endpoints.ts";
import { serviceKey, SLICES_BY_SERVICE } from "./indexes.ts";
import type { IrCluster, IrEndpoints, IrShare, UpstreamIdentity } from "./ir.ts";
import { WANTED_NAMES } from "./resolved-name.ts";
import type { TranslateSettings } from "./settings.ts";
import { tunnelled, type UpstreamItems } from "./tunnelled.ts";
import { type Reader, type UnitBuilder, unitId, type UnitItem } from "./unit.ts";
import { upstreamProtocol } from "./upstream-protocol.ts";
import { inOrder, sideBySide } from "./endpoint-order.ts";
import { extensionServices } from "./extension-services.ts";
import { parseIdentity, parseUpstream, upstreamCluster, type UpstreamVariation } from "./upstream-variation.ts";
import type { Verdict } from "./verdict.ts";

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
    const shares = variation.extension && sharesOf(variation.extension, read);
    if (shares === "gone") return undefined;
    const fallbacks = (variation.fallbacks ?? []).map(parseIdentity);
    const members = shares?.map((share) => share.upstream) ?? [upstream, ...fallbacks];
    const links = members.flatMap((member) => link(member, settings, read, verdicts));
    const zones = links.map((each) => zonesOf(each.service, variation));
    const candidates = shares === undefined ? inOrder(links, zones) : sideBySide(links, zones);
    const { endpoints, names, verdicts: found } = settleEndpoints(candidates, settings.upstreams, read);
    verdicts.push(...found);
    const ownHosts = new Set(links[0]?.candidates.map(({ host }) => host));
    const ownName = names.find((name) => ownHosts.has(name));
    const base = cluster(upstream, variation, service, port, settings, read, ownName);
    if (base === undefined) return undefined;
    const own = serviceRef(upstream.namespace, upstream.service);
    const shared = shares === undefined ? {} : { shares };
    const direct: UpstreamItems = {
      cluster: { ...base, ...shared },
      // What is not yet known is not answered as empty: Envoy waits for it.
      endpoints: endpoints && { type: "endpoints", name: base.name, endpoints, ...healthPort(variation), ...shared },
    };
    const {
      verdicts: behind,
      gateways,
      ...made
    } = tunnelled(direct, upstream, (backend) => read.gateway(backend), own);
    verdicts.push(...behind);
    const asking = variation.extension === undefined ? [] : [extensionRef(variation.extension)];
    const from = links.flatMap((each) => each.from);
    const items: UnitItem[] = [{ item: made.cluster, from: [own, ...asking] }];
    if (made.endpoints !== undefined)
      items.push({ item: made.endpoints, from: [...(from.length > 0 ? from : [own]), ...asking] });
    return {
      items,
      verdicts,
      needs: gateways.map((backend) => unitId("gateway", backend)),
      facts: names.map((value) => ({ topic: WANTED_NAMES, value })),
    };
  };
}

/** Who shares in what is asked of an ExtensionService; undefined: it names one. Gone: nobody can be asked, and its askers are built again. */
function sharesOf({ namespace, name }: ExtensionName, read: Reader): readonly IrShare[] | undefined | "gone" {
  const object = read.get("ExtensionService", namespace, name)?.object;
  const shares = object === undefined ? [] : extensionServices(object, read).shares;
  if (object === undefined || shares.length === 0) return "gone";
  return object.spec.services.length === 1 ? undefined : shares;
}

type ExtensionName = NonNullable<UpstreamVariation["extension"]>;

function extensionRef({ namespace, name }: ExtensionName): ObjectRef {
  return { kind: "ExtensionService", namespace, name };
}

/** What one of a cluster's upstreams has. */
interface Linked extends SaidEndpoints {
  readonly of: UpstreamIdentity;
  readonly service: Service;
}

/** Empty where its Service has gone: those that send to it are built again, and then there is a unit without it. */
function link(
  upstream: UpstreamIdentity,
  settings: TranslateSettings,
  read: Reader,
  verdicts: Verdict[],
): readonly Linked[] {
  const service = read.get("Service", upstream.namespace, upstream.service)?.object;
  const port = service && findPort(service, upstream.port, upstream.transport);
  if (service === undefined || (port === undefined && service.spec.type !== "ExternalName")) return [];
  return [{ ...saidEndpoints(service, port, upstream, settings, read, verdicts), of: upstream, service }];
}

interface SaidEndpoints {
  readonly candidates: readonly Candidate[];
  /** The slices, or the Endpoints object, that they come from. */
  readonly from: readonly ObjectRef[];
}

/** @param port undefined for an ExternalName that declares none */
function saidEndpoints(
  service: Service,
  port: ServicePort | undefined,
  upstream: UpstreamIdentity,
  settings: TranslateSettings,
  read: Reader,
  verdicts: Verdict[],
): SaidEndpoints {
  return service.spec.type === "ExternalName"
    ? { candidates: externalName(service, upstream, settings, verdicts), from: [] }
    : serviceEndpoints(service, port!, read, verdicts);
}

function zonesOf({ metadata }: Service, { zones }: UpstreamVariation): readonly string[] {
  return zones ?? readServiceAnnotations(metadata.annotations).value.zones;
}

/** Undefined: it cannot be verified as it is asked for, and nobody sends to it then. */
function cluster(
  upstream: UpstreamIdentity,
  variation: UpstreamVariation,
  service: Service,
  port: ServicePort | undefined,
  settings: TranslateSettings,
  read: Reader,
  name: string | undefined,
): IrCluster | undefined {
  const wishes = readServiceAnnotations(service.metadata.annotations).value;
  const { http2, tls } = upstreamProtocol(variation.protocol, service, upstream.port, port);
  const verify = variation.verify === undefined ? undefined : verifiedBy(variation.verify, read);
  if (verify === "refused") return undefined;
  const { compression, idleTimeout, loadBalancing, slowStart, fallbacks = [] } = variation;
  const zones = zonesOf(service, variation);
  const sni = variation.sni ?? verify?.names[0] ?? (tls ? name : undefined);
  return {
    type: "cluster",
    name: upstreamCluster(upstream, variation).cluster,
    upstream,
    protocol: http2 ? "http2" : "http1",
    tls,
    ...(sni === undefined ? {} : { sni }),
    ...(verify === undefined ? {} : { verify }),
    connectTimeout: settings.connectTimeout,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(loadBalancing === undefined ? {} : { loadBalancing }),
    ...(slowStart === undefined ? {} : { slowStart }),
    ...(compression === undefined ? {} : { compression }),
    healthCheck: variation.healthCheck ?? wishes.healthCheck,
    outlierDetection: wishes.outlierDetection,
    circuitBreaker: { ...wishes.circuitBreaker, ...variation.circuitBreaker },
    ...(fallbacks.length === 0 ? {} : { fallbacks: fallbacks.map(parseIdentity) }),
    ...(zones.length === 0 ? {} : { zones }),
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

function serviceEndpoints(service: Service, port: ServicePort, read: Reader, verdicts: Verdict[]): SaidEndpoints {
  const { namespace, name } = service.metadata;
  const slices = read
    .list(SLICES_BY_SERVICE, serviceKey(namespace, name))
    .map(({ object }) => object)
    .filter((object): object is EndpointSlice => object.kind === "EndpointSlice");
  const legacy = slices.length === 0 ? read.get("Endpoints", namespace, name)?.object : undefined;
  if (slices.length > 0 && slices.every((slice) => slicePort(slice, port) === undefined)) {
    verdicts.push(noSuchPort(serviceRef(namespace, name), port, slices));
  }
  const from = slices.map(refOf);
  if (legacy !== undefined) from.push(refOf(legacy));
  return { candidates: collectEndpoints(slices, legacy, port), from };
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
  { metadata: { namespace, name }, spec }: Service,
  { port }: UpstreamIdentity,
  settings: TranslateSettings,
  verdicts: Verdict[],
): readonly Candidate[] {
  const ref = serviceRef(namespace, name);
  const path = "spec.externalName";
  if (settings.upstreams.externalName)
    return [{ host: withoutFinalDot(spec.externalName ?? ""), port, health: "healthy", zone: undefined, ref, path }];
  verdicts.push({
    ref,
    severity: "error",
    reason: "ExternalNameDisabled",
    path,
    message: "ExternalName Services are switched off, so this Service has no endpoints",
    fix: "set upstreams.externalName: true in binnacle.yaml, or use an EndpointSlice",
  });
  return [];
}
