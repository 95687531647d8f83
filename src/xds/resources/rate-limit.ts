import { RateLimit, type RateLimit_Action } from "#proto/envoy/config/route/v3/route_components.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrRateLimitService } from "#translate/ir-listener.ts";
import type { IrPolicies, IrRateLimitEntry } from "#translate/ir-policies.ts";
import { packStruct } from "./any.ts";
import { askAgain } from "./ask-again.ts";
import { headerMatcher } from "./route-match.ts";

/** What a virtual host or a forwarding route asks the rate-limit service about: a limit for each descriptor. */
export function rateLimits({ rateLimit }: IrPolicies = {}): RateLimit[] {
  if (rateLimit === undefined || rateLimit === "off") return [];
  return rateLimit.descriptors.map((entries) => ({ ...NONE, actions: entries.map(action) }));
}

const NONE = RateLimit.fromPartial({});

function action(entry: IrRateLimitEntry): RateLimit_Action {
  switch (entry.type) {
    case "generic":
      return {
        actionSpecifier: { $case: "genericKey", value: { descriptorKey: entry.key, descriptorValue: entry.value } },
      };
    case "header":
      return {
        actionSpecifier: {
          $case: "requestHeaders",
          value: { headerName: entry.name, descriptorKey: entry.key, skipIfAbsent: false },
        },
      };
    case "headers":
      return {
        actionSpecifier: {
          $case: "headerValueMatch",
          value: {
            descriptorKey: "",
            descriptorValue: entry.value,
            expectMatch: entry.expectMatch,
            headers: entry.headers.map(headerMatcher),
          },
        },
      };
    case "address":
      return { actionSpecifier: { $case: "remoteAddress", value: {} } };
    default:
      return unreachable(entry);
  }
}

/** RateLimitPerRoute: a route that says `off` is not asked about for its virtual host's sake either. */
export const NO_RATE_LIMIT = packStruct("envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute", {
  vh_rate_limits: "IGNORE",
});

/** The filter's configuration: which service is asked. */
export function rateLimitConfig(ir: IrRateLimitService): Record<string, unknown> {
  return {
    domain: ir.domain,
    failure_mode_deny: !ir.failOpen,
    timeout: `${ir.timeout / 1000}s`,
    rate_limited_as_resource_exhausted: ir.resourceExhausted,
    ...(ir.headers ? { enable_x_ratelimit_headers: "DRAFT_VERSION_03" } : {}),
    rate_limit_service: {
      grpc_service: {
        envoy_grpc: { cluster_name: ir.cluster || NOBODY, authority: ir.authority },
        retry_policy: askAgain(ir.timeout),
      },
      transport_api_version: "V3",
    },
  };
}

/** A cluster that does not exist: Envoy wants the name of one. */
const NOBODY = "none";
