import type { Millis } from "#translate/ir.ts";

/**
 * A service that Envoy itself asks is asked again where nothing reached its program, at another endpoint: so one that dies costs no
 * request, as with routes. For GrpcService.retry_policy and ext_authz's HttpService.retry_policy (config.core.v3.RetryPolicy), as a Struct.
 *
 * @param timeout of the whole question
 */
export function askAgain(timeout: Millis): Record<string, unknown> {
  return {
    retry_on: "connect-failure,refused-stream,reset-before-request",
    num_retries: 2,
    retry_back_off: {
      base_interval: `${Math.min(10, timeout) / 1000}s`,
      // Envoy takes it as the limit of each try, too (convertCoreToRouteRetryPolicy).
      max_interval: `${timeout / 1000}s`,
    },
    retry_host_predicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
        },
      },
    ],
    // Of upstreams that share, a small one is seldom chosen.
    host_selection_retry_max_attempts: 10,
  };
}
