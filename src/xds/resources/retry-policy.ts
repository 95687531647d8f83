import { RetryPolicy } from "#proto/envoy/config/route/v3/route_components.ts";
import type { IrRetry } from "#translate/ir-route.ts";
import { packEmpty, packStruct } from "./any.ts";
import { duration } from "./duration.ts";

const NONE = RetryPolicy.fromPartial({});

export function retryPolicy({ on, attempts, perTryTimeout, statusCodes, nextPriority }: IrRetry): RetryPolicy {
  if (attempts === 0) return NONE;
  return {
    ...NONE,
    retryOn: on,
    numRetries: attempts,
    perTryTimeout: perTryTimeout === undefined ? undefined : duration(perTryTimeout),
    retryPriority: nextPriority === true ? PREVIOUS_PRIORITIES : undefined,
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

/** A retry goes to the endpoints of a priority that has not had the request yet, until all have had it. */
const PREVIOUS_PRIORITIES = {
  name: "envoy.retry_priorities.previous_priorities",
  configType: {
    $case: "typedConfig",
    value: packStruct("envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", {
      updateFrequency: 1,
    }),
  },
} as const;
