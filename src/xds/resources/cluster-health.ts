import { HealthCheck } from "#proto/envoy/config/core/v3/health_check.ts";
import type { IrCluster, IrHealthCheck } from "#translate/ir.ts";
import { duration } from "./duration.ts";

/** The authority of checks that name none. */
const OWN_NAME = "binnacle-health-check";

export function healthChecks(ir: IrHealthCheck | undefined, protocol: IrCluster["protocol"]): HealthCheck[] {
  if (ir === undefined) return [];
  return [
    HealthCheck.fromPartial({
      timeout: duration(ir.timeout),
      interval: duration(ir.interval),
      // Without this an idle cluster is checked once a minute, and its health is as old.
      noTrafficInterval: duration(ir.interval),
      healthyThreshold: ir.healthyThreshold,
      unhealthyThreshold: ir.unhealthyThreshold,
      healthChecker: ir.path === undefined ? TCP : http(ir, ir.path, protocol),
    }),
  ];
}

const TCP = { $case: "tcpHealthCheck", value: {} } as const;

function http(
  { host, statuses }: IrHealthCheck,
  path: string,
  protocol: IrCluster["protocol"],
): NonNullable<Parameters<typeof HealthCheck.fromPartial>[0]["healthChecker"]> {
  return {
    $case: "httpHealthCheck",
    value: {
      path,
      host: host ?? OWN_NAME,
      codecClientType: protocol === "http2" ? 1 : 0,
      ...(statuses === undefined ? {} : { expectedStatuses: statuses.map(({ start, end }) => ({ start, end })) }),
    },
  };
}
