import { isIPv6 } from "node:net";
import type { Problem } from "#lib/problem.ts";
import { isDiscovered } from "#resources/discovered.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Endpoints } from "#resources/endpoints.ts";
import type { Service } from "#resources/service.ts";
import type { DiscoveredEndpoint, DiscoveredService, EndpointGroup } from "../discovered.ts";

/** The endpoints of a Service: its slices, or, on servers that have none, its Endpoints object. */
export type Backing = { readonly slices: readonly EndpointSlice[] } | { readonly endpoints: Endpoints | undefined };

export interface TranslatedService {
  readonly service: DiscoveredService;
  readonly problems: readonly Problem[];
}

/** Whether a Service of another cluster is of no use here: the cluster's own, or one that was itself discovered. */
export function isIgnored({ metadata: { namespace, name, labels } }: Pick<Service, "metadata">): boolean {
  return namespace === "kube-system" || (namespace === "default" && name === "kubernetes") || isDiscovered(labels);
}

/**
 * A Service of another cluster and what stands behind it, in the form of all platforms.
 *
 * @param team the namespace here that its namespace is mapped to
 */
export function translateService(service: Service, backing: Backing, team: string): TranslatedService {
  const { metadata, spec } = service;
  const external = spec.type === "ExternalName" ? externalName(service) : undefined;
  const problem = external !== undefined && "message" in external ? external : undefined;
  const translated: DiscoveredService = {
    scope: metadata.namespace,
    service: metadata.name,
    namespace: team,
    labels: metadata.labels,
    annotations: metadata.annotations,
    ports: spec.ports.map(({ name, port, protocol, appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
    endpoints: spec.type === "ExternalName" ? [] : groupsOf(backing),
    ...(external !== undefined && "host" in external ? { externalName: external.host } : {}),
    ...(spec.sessionAffinity === "ClientIP" ? { sessionAffinity: "ClientIP" } : {}),
  };
  return { service: translated, problems: problem === undefined ? [] : [problem] };
}

function groupsOf(backing: Backing): readonly EndpointGroup[] {
  if ("slices" in backing) return backing.slices.flatMap(groupOfSlice);
  return (backing.endpoints?.subsets ?? []).flatMap(groupsOfSubset);
}

function groupOfSlice({ addressType, ports, endpoints }: EndpointSlice): readonly EndpointGroup[] {
  const group: EndpointGroup = {
    addressType,
    // A port without a number means all ports, of which a Service's port is joined to none.
    ports: ports.flatMap(({ name, protocol, port, appProtocol }) =>
      port === undefined ? [] : [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }],
    ),
    endpoints: endpoints.flatMap(({ addresses: [address], conditions, hostname, zone }): DiscoveredEndpoint[] =>
      // The first address stands for all: they are of one endpoint (discovery.k8s.io/v1 Endpoint.addresses).
      address === undefined
        ? []
        : [
            {
              address,
              ...conditions,
              ...(hostname === undefined ? {} : { hostname }),
              ...(zone === undefined ? {} : { zone }),
            },
          ],
    ),
  };
  return group.endpoints.length === 0 ? [] : [group];
}

function groupsOfSubset({ addresses, notReadyAddresses, ports }: Endpoints["subsets"][number]): EndpointGroup[] {
  const endpoints = [
    ...addresses.map((address) => ({ ...address, ready: true })),
    ...notReadyAddresses.map((address) => ({ ...address, ready: false })),
  ];
  return (["IPv4", "IPv6"] as const).flatMap((addressType) => {
    const members = endpoints.filter(({ ip }) => isIPv6(ip) === (addressType === "IPv6"));
    if (members.length === 0) return [];
    return [
      {
        addressType,
        ports,
        endpoints: members.map(({ ip, ready, hostname }) => ({
          address: ip,
          ready,
          serving: ready,
          terminating: false,
          ...(hostname === undefined ? {} : { hostname }),
        })),
      },
    ];
  });
}

/** A name of the other cluster's own DNS means nothing here, or something else. */
function externalName({ metadata, spec }: Service): { readonly host: string } | Problem {
  const host = spec.externalName ?? "";
  if (!/(^|\.)svc(\.|$)|\.cluster\.local$/.test(host)) return { host };
  return {
    severity: "warning",
    path: "spec.externalName",
    message: `Service ${metadata.namespace}/${metadata.name} stands for ${host}, which only its own cluster can resolve, so it has no endpoints here`,
    fix: "route to the Service that it stands for, which is discovered, too",
  };
}
