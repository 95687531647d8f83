import { HealthStatus } from "#proto/envoy/config/core/v3/health_check.ts";
import type { ClusterLoadAssignment } from "#proto/envoy/config/endpoint/v3/endpoint.ts";
import {
  Endpoint,
  Endpoint_HealthCheckConfig,
  LbEndpoint,
  LocalityLbEndpoints,
} from "#proto/envoy/config/endpoint/v3/endpoint_components.ts";
import { clusterName, type IrEndpoint, type IrEndpoints } from "#translate/ir.ts";
import { socketAddress } from "./address.ts";
import { tunnelMetadata } from "./tunnel-socket.ts";

/**
 * EDS: endpoints grouped by priority and zone; those of a fallback have its name as sub-zone, so that Envoy's own views tell them
 * apart. Upstreams that share are a locality each, whatever their endpoints' zones: its weight is the upstream's part, and Envoy keeps
 * one weight for each name of a locality. No endpoints is an empty assignment, so that a cluster never waits for one. Those that
 * drain are used when there is no other (KEP-1669).
 */
export function clusterLoadAssignment({ name, endpoints, healthPort, shares }: IrEndpoints): ClusterLoadAssignment {
  const drained = endpoints.some(({ health }) => health === "healthy") ? HealthStatus.DRAINING : HealthStatus.UNKNOWN;
  const weights = new Map(shares?.map(({ upstream, weight }) => [clusterName(upstream), weight]));
  const zoneOf = ({ zone = "" }: IrEndpoint): string => (shares === undefined ? zone : "");
  const localities = Map.groupBy(
    endpoints,
    (endpoint) => `${endpoint.priority ?? 0} ${zoneOf(endpoint)} ${subZoneOf(endpoint)}`,
  );
  return {
    clusterName: name,
    endpoints: [...localities.values()].map((members) => {
      const first = members[0] as IrEndpoint;
      const [zone, subZone] = [zoneOf(first), subZoneOf(first)];
      return {
        ...LOCALITY,
        priority: first.priority ?? 0,
        locality: zone === "" && subZone === "" ? undefined : { region: "", zone, subZone },
        loadBalancingWeight: weights.get(subZone),
        lbEndpoints: members.map((endpoint) => lbEndpoint(endpoint, drained, healthPort)),
      };
    }),
    namedEndpoints: {},
    policy: undefined,
  };
}

function subZoneOf({ of }: IrEndpoint): string {
  return of === undefined ? "" : clusterName(of);
}

/** The fields that are not set, in whole messages made once: a copy by `fromPartial` costs more than the encoding. */
const LOCALITY = LocalityLbEndpoints.fromPartial({});
const LB_ENDPOINT = LbEndpoint.fromPartial({});
const ENDPOINT = Endpoint.fromPartial({});

function lbEndpoint(
  { address, port, health, weight, tunnel }: IrEndpoint,
  drained: HealthStatus,
  healthPort: number | undefined,
): LbEndpoint {
  const place = { ...ENDPOINT, address: socketAddress(address, port) };
  const checked = healthPort === undefined ? place : { ...place, healthCheckConfig: checkedAt(healthPort) };
  return {
    ...LB_ENDPOINT,
    hostIdentifier: { $case: "endpoint", value: checked },
    healthStatus: health === "draining" ? drained : HealthStatus.UNKNOWN,
    loadBalancingWeight: weight,
    metadata: tunnel === undefined ? undefined : tunnelMetadata(tunnel.socket),
  };
}

function checkedAt(portValue: number): Endpoint_HealthCheckConfig {
  return Endpoint_HealthCheckConfig.fromPartial({ portValue });
}
