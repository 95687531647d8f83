import { readSliceAnnotations } from "#resources/annotations.ts";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Endpoints } from "#resources/endpoints.ts";
import { refOf } from "#resources/resource.ts";
import { withoutFinalDot } from "#resources/names.ts";
import type { ServicePort } from "#resources/service.ts";
import type { Candidate } from "./candidates.ts";

/**
 * The endpoints of one Service port as its slices say them, or its Endpoints object where there is no slice. Ready ones are
 * healthy; serving and terminating ones drain; others are left out (discovery.k8s.io/v1 EndpointConditions).
 */
export function collectEndpoints(
  slices: readonly EndpointSlice[],
  legacy: Endpoints | undefined,
  port: ServicePort,
): readonly Candidate[] {
  return [
    ...(legacy === undefined ? [] : fromEndpoints(legacy, port)),
    ...slices.flatMap((slice) => fromSlice(slice, port)),
  ];
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
    const [host] = addresses;
    // The first address stands for all: they are of one endpoint (discovery.k8s.io/v1 Endpoint.addresses).
    return health === undefined || host === undefined
      ? []
      : [{ host: withoutFinalDot(host), port: target, health, zone, ref, path: "", ...load }];
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
      host: ip,
      port: target,
      health: "healthy",
      zone: undefined,
      ref,
      path: "",
    }));
  });
}
