import { readSliceAnnotations } from "#resources/annotations.ts";
import { LOAD_BALANCER_ID_LABEL, LOAD_BALANCER_NAME_LABEL, STALE_ANNOTATION } from "#resources/discovered.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Service } from "#resources/service.ts";
import type { DiscoveredKey, DiscoveredService, EndpointGroup } from "../discovered.ts";

/**
 * The discovered service that these objects of the home were made from, as far as they tell: of labels and annotations what was
 * taken over. Made into objects again it gives the same ones.
 */
export function rememberedService(
  key: DiscoveredKey,
  { metadata, spec }: Service,
  slices: readonly EndpointSlice[],
): DiscoveredService {
  const slash = key.indexOf("/");
  const { namespace, labels, annotations } = metadata;
  const { ports, type, externalName, sessionAffinity } = spec;
  const { [LOAD_BALANCER_ID_LABEL]: loadBalancer, [LOAD_BALANCER_NAME_LABEL]: loadBalancerName = "" } = labels;
  return {
    scope: key.slice(0, slash),
    service: key.slice(slash + 1),
    namespace,
    labels,
    annotations,
    ports: ports.map(({ name, port, protocol, appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
    endpoints: slices.map(endpointGroup),
    // Shortened, and in a label's letters: that gives the same labels again.
    ...(loadBalancer === undefined ? {} : { loadBalancer: { id: loadBalancer, name: loadBalancerName } }),
    ...(type === "ExternalName" && externalName !== undefined ? { externalName } : {}),
    ...(sessionAffinity === "ClientIP" ? { sessionAffinity } : {}),
  };
}

/** Since when its backend has been out of reach, as it says itself, in milliseconds since the epoch. */
export function rememberedStaleSince({ metadata }: Service): number | undefined {
  const since = Date.parse(metadata.annotations[STALE_ANNOTATION] ?? "");
  return Number.isNaN(since) ? undefined : since;
}

function endpointGroup({ metadata, addressType, ports, endpoints }: EndpointSlice): EndpointGroup {
  const { weight, priority } = readSliceAnnotations(metadata.annotations).value;
  return {
    ...(weight === undefined ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
    addressType,
    ports: ports.flatMap(({ name, protocol, port, appProtocol }) =>
      port === undefined ? [] : [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }],
    ),
    endpoints: endpoints.flatMap(({ addresses, conditions, hostname, zone }) =>
      addresses.map((address) => ({
        address,
        ...conditions,
        ...(hostname === undefined ? {} : { hostname }),
        ...(zone === undefined ? {} : { zone }),
      })),
    ),
  };
}
