import { HealthStatus } from "#proto/envoy/config/core/v3/health_check.ts";
import { ClusterLoadAssignment } from "#proto/envoy/config/endpoint/v3/endpoint.ts";
import { LbEndpoint, LocalityLbEndpoints } from "#proto/envoy/config/endpoint/v3/endpoint_components.ts";
import type { IrEndpoint, IrEndpoints } from "#translate/ir.ts";
import { socketAddress } from "./address.ts";

/** EDS: endpoints grouped by zone. No endpoints is an empty assignment, so that a cluster never waits for one. */
export function clusterLoadAssignment({ name, endpoints }: IrEndpoints): ClusterLoadAssignment {
  const zones = Map.groupBy(endpoints, ({ zone }) => zone ?? "");
  return ClusterLoadAssignment.fromPartial({
    clusterName: name,
    endpoints: [...zones].map(([zone, members]) =>
      LocalityLbEndpoints.fromPartial({
        ...(zone === "" ? {} : { locality: { zone } }),
        lbEndpoints: members.map(lbEndpoint),
      }),
    ),
  });
}

function lbEndpoint({ address, port, health }: IrEndpoint): LbEndpoint {
  return LbEndpoint.fromPartial({
    hostIdentifier: { $case: "endpoint", value: { address: socketAddress(address, port) } },
    healthStatus: health === "draining" ? HealthStatus.DRAINING : HealthStatus.UNKNOWN,
  });
}
