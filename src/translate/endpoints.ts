import { compareText } from "#lib/compare.ts";
import { readSliceAnnotations } from "#resources/annotations.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Endpoints } from "#resources/endpoints.ts";
import { type ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import type { ServicePort } from "#resources/service.ts";
import type { IrEndpoint } from "./ir.ts";
import { canonicalAddress, isRefusedAddress, refusedHost } from "./local-address.ts";
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
  for (const { ref, ...written } of addresses) {
    const endpoint = { ...written, address: canonicalAddress(written.address) };
    const key = `${endpoint.address} ${endpoint.port}`;
    if (isRefusedAddress(endpoint.address, endpoint.port, settings))
      refused.set(`${key} ${ref.name}`, localAddress(ref, written.address, endpoint.port));
    else if (standing.get(key)?.health !== "healthy") standing.set(key, endpoint);
  }
  for (const [key, { host, port: number, ref }] of names) {
    const problem = refusedHost(host, number, settings);
    if (problem === undefined) continue;
    names.delete(key);
    const message = `${host} ${problem.message}`;
    refused.set(`${key} ${ref.name}`, { ref, severity: "error", path: "", ...problem, message });
  }
  return {
    endpoints: withRanks([...standing.values()]).sort((a, b) => compareText(a.address, b.address) || a.port - b.port),
    names: [...names.values()]
      .map(({ host, port: number }) => ({ host, port: number }))
      .sort((a, b) => compareText(a.host, b.host) || a.port - b.port),
    verdicts: [...refused.values()],
  };
}

/** The number that a slice has for a port of its Service: they are joined by name and protocol. */
export function slicePort(slice: EndpointSlice, port: ServicePort): number | undefined {
  return slice.ports.find(({ name, protocol }) => name === port.name && protocol === port.protocol)?.port;
}

function fromSlice(slice: EndpointSlice, port: ServicePort): Candidate[] {
  const target = slicePort(slice, port);
  if (target === undefined) return [];
  const ref = refOf(slice);
  const { weight, priority } = readSliceAnnotations(slice.metadata.annotations).value;
  const load = {
    ...(weight === undefined || weight === 0 ? {} : { weight }),
    ...(priority === undefined ? {} : { priority }),
  };
  return slice.endpoints.flatMap(({ addresses, conditions, zone }) => {
    const state = conditions.ready ? "healthy" : conditions.serving && conditions.terminating ? "draining" : undefined;
    // Without weight it takes nothing new, and finishes what it has.
    const health = state === "healthy" && weight === 0 ? "draining" : state;
    const [address] = addresses;
    // The first address stands for all: they are of one endpoint (discovery.k8s.io/v1 Endpoint.addresses).
    return health === undefined || address === undefined ? [] : [{ address, port: target, health, zone, ref, ...load }];
  });
}

/** Priorities as Envoy wants them: from 0 on, and none left out (LocalityLbEndpoints.priority). */
function withRanks(endpoints: readonly IrEndpoint[]): IrEndpoint[] {
  const ranks = [...new Set(endpoints.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
  return endpoints.map(({ priority = 0, ...rest }) => {
    const rank = ranks.indexOf(priority);
    return rank === 0 ? rest : { ...rest, priority: rank };
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
