import { compareText } from "#lib/compare.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Endpoints } from "#resources/endpoints.ts";
import { type ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import type { ServicePort } from "#resources/service.ts";
import type { IrEndpoint } from "./ir.ts";
import { isLocalName, isRefusedAddress } from "./local-address.ts";
import type { UpstreamSettings } from "./settings.ts";
import type { Verdict } from "./verdict.ts";

export interface CollectedEndpoints {
  /** Sorted by address and port, each once. */
  readonly endpoints: readonly IrEndpoint[];
  /** From slices of type FQDN, sorted. */
  readonly names: readonly { readonly host: string; readonly port: number }[];
  readonly verdicts: readonly Verdict[];
}

interface Candidate extends IrEndpoint {
  readonly ref: ObjectRef;
}

/**
 * The endpoints of one Service port, from its slices, or from its Endpoints object where there is no slice. Ready ones are
 * healthy; serving and terminating ones drain; others are left out (discovery.k8s.io/v1 EndpointConditions).
 */
export function collectEndpoints(
  slices: readonly EndpointSlice[],
  legacy: Endpoints | undefined,
  port: ServicePort,
  settings: UpstreamSettings,
): CollectedEndpoints {
  const addresses: Candidate[] = legacy === undefined ? [] : fromEndpoints(legacy, port);
  const names = new Map<string, { host: string; port: number; ref: ObjectRef }>();
  for (const slice of slices) {
    for (const candidate of fromSlice(slice, port)) {
      if (slice.addressType !== "FQDN") addresses.push(candidate);
      else
        names.set(`${candidate.address}:${candidate.port}`, {
          host: candidate.address,
          port: candidate.port,
          ref: candidate.ref,
        });
    }
  }
  const refused = new Map<string, Verdict>();
  const standing = new Map<string, IrEndpoint>();
  for (const { ref, ...endpoint } of addresses) {
    const key = `${endpoint.address} ${endpoint.port}`;
    if (isRefusedAddress(endpoint.address, endpoint.port, settings))
      refused.set(`${key} ${ref.name}`, localAddress(ref, endpoint.address, endpoint.port));
    else if (standing.get(key)?.health !== "healthy") standing.set(key, endpoint);
  }
  for (const [key, { host, port: number, ref }] of names) {
    if (!isLocalName(host)) continue;
    names.delete(key);
    refused.set(`${key} ${ref.name}`, localAddress(ref, host, number));
  }
  return {
    endpoints: [...standing.values()].sort((a, b) => compareText(a.address, b.address) || a.port - b.port),
    names: [...names.values()]
      .map(({ host, port: number }) => ({ host, port: number }))
      .sort((a, b) => compareText(a.host, b.host) || a.port - b.port),
    verdicts: [...refused.values()],
  };
}

function fromSlice(slice: EndpointSlice, port: ServicePort): Candidate[] {
  const target = slice.ports.find(
    (candidate) => candidate.name === port.name && candidate.protocol === port.protocol,
  )?.port;
  if (target === undefined) return [];
  const ref = refOf(slice);
  return slice.endpoints.flatMap(({ addresses, conditions, zone }) => {
    const health = conditions.ready ? "healthy" : conditions.serving && conditions.terminating ? "draining" : undefined;
    const [address] = addresses;
    // The first address stands for all: they are of one endpoint (discovery.k8s.io/v1 Endpoint.addresses).
    return health === undefined || address === undefined ? [] : [{ address, port: target, health, zone, ref }];
  });
}

function fromEndpoints(endpoints: Endpoints, port: ServicePort): Candidate[] {
  const ref = refOf(endpoints);
  return endpoints.subsets.flatMap((subset) => {
    const target = subset.ports.find(
      (candidate) => candidate.name === port.name && candidate.protocol === port.protocol,
    )?.port;
    if (target === undefined) return [];
    return subset.addresses.map(({ ip }): Candidate => ({
      address: ip,
      port: target,
      health: "healthy",
      zone: undefined,
      ref,
    }));
  });
}

function localAddress(ref: ObjectRef, address: string, port: number): Verdict {
  return {
    ref,
    severity: "error",
    reason: "LocalAddressRefused",
    path: "",
    message: `${address} is an address of this machine, so it is not used as an upstream`,
    fix: `if it is meant, add port ${port} to upstreams.allowLocal in binnacle.yaml`,
  };
}
