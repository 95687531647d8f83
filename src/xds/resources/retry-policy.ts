import { RetryPolicy } from "#proto/envoy/config/route/v3/route_components.ts";
import type { IrRetry } from "#translate/ir-route.ts";
import { packEmpty } from "./any.ts";
import { duration } from "./duration.ts";

const NONE = RetryPolicy.fromPartial({});

export function retryPolicy({ on, attempts, perTryTimeout, statusCodes }: IrRetry): RetryPolicy {
  if (attempts === 0) return NONE;
  return {
    ...NONE,
    retryOn: on,
    numRetries: attempts,
    perTryTimeout: perTryTimeout === undefined ? undefined : duration(perTryTimeout),
    retryHostPredicate: [PREVIOUS_HOSTS],
    hostSelectionRetryMaxAttempts: 3,
    retriableStatusCodes: [...(statusCodes ?? [])],
  };
}

/** A retry goes to an endpoint that has not had the request yet. */
const PREVIOUS_HOSTS = {
  name: "envoy.retry_host_predicates.previous_hosts",
  configType: {
    $case: "typedConfig",
    value: packEmpty("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
  },
} as const;
