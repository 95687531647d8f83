import { HttpFilter } from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import type { IrRateLimitService } from "#translate/ir-listener.ts";
import type { IrJwtProvider } from "#translate/ir-jwt.ts";
import { packStruct } from "./any.ts";
import { COOKIE_REWRITE } from "./cookie-rewrite.ts";
import { jwtFilter } from "./jwt.ts";
import { rateLimitConfig } from "./rate-limit.ts";
import { ROUTER } from "./router.ts";

/** The filters that routes and virtual hosts switch on, in the order in which requests pass them. */
export const HTTP_FILTERS = [
  "cors",
  "rbac",
  "ext_authz",
  "ext_authz_open",
  "ext_authz_bytes",
  "ext_authz_open_bytes",
  "local_ratelimit",
  "lua",
] as const;
export type HttpFilterKey = (typeof HTTP_FILTERS)[number];

/** The name of a filter, by which a route configures it. */
export function filterName(key: HttpFilterKey): string {
  return `envoy.filters.http.${key}`;
}

/** Those of which a virtual host that has its requests authorised uses one. */
export const AUTHORIZATION_FILTERS = [
  "ext_authz",
  "ext_authz_open",
  "ext_authz_bytes",
  "ext_authz_open_bytes",
] as const satisfies readonly HttpFilterKey[];

/** Most that a virtual host says nothing of; each that has bodies sent says its own. */
const BODY_BYTES = 1024;

/**
 * Whom to ask, a virtual host says; what happens when nobody answers, and whether bodies are sent as bytes (Envoy reads
 * `pack_as_bytes` of no virtual host), can only be said here, and so there are four. The service named is none: a host that forgot
 * to name its own is closed.
 */
function externalAuthorization(
  failOpen: boolean,
  asBytes: boolean,
): readonly [type: string, config: Record<string, unknown>] {
  return [
    "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    {
      grpc_service: { envoy_grpc: { cluster_name: "none" } },
      transport_api_version: "V3",
      failure_mode_allow: failOpen,
      include_peer_certificate: true,
      ...(asBytes ? { with_request_body: { max_request_bytes: BODY_BYTES, pack_as_bytes: true } } : {}),
    },
  ];
}

/** What a filter is told in the listener: what it does, routes and virtual hosts say. */
const IN_LISTENER: Readonly<Record<HttpFilterKey, readonly [type: string, config: Record<string, unknown>]>> = {
  cors: ["envoy.extensions.filters.http.cors.v3.Cors", {}],
  rbac: ["envoy.extensions.filters.http.rbac.v3.RBAC", {}],
  ext_authz: externalAuthorization(false, false),
  ext_authz_open: externalAuthorization(true, false),
  ext_authz_bytes: externalAuthorization(false, true),
  ext_authz_open_bytes: externalAuthorization(true, true),
  local_ratelimit: [
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    { stat_prefix: "binnacle_local_rate_limit" },
  ],
  lua: ["envoy.extensions.filters.http.lua.v3.Lua", { default_source_code: { inline_string: COOKIE_REWRITE } }],
};

/**
 * The filters of a connection manager. All but the router, tokens of the one host of a chain, and the limits where there is a service for them, are off until a route
 * or its virtual host configures them: a host that begins to use one changes no listener, so no connection is drained, and costs
 * nobody else anything.
 */
export function filterChain(
  rateLimit: IrRateLimitService | undefined,
  tokens: readonly IrJwtProvider[] | undefined,
): HttpFilter[] {
  const limits = rateLimit === undefined ? [] : [filter(RATE_LIMIT_FILTER, RATE_LIMIT, rateLimitConfig(rateLimit))];
  const jwt = tokens === undefined ? [] : [{ ...HttpFilter.fromPartial({}), ...jwtFilter(tokens) }];
  return [...BEFORE_TOKENS, ...jwt, ...AFTER_TOKENS, ...limits, ROUTER];
}

/** It asks about routes and virtual hosts that have limits, and about no others. */
export const RATE_LIMIT_FILTER = "envoy.filters.http.ratelimit";
const RATE_LIMIT = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";

const OPTIONAL = HTTP_FILTERS.map((key): HttpFilter => {
  const [type, config] = IN_LISTENER[key];
  return { ...filter(filterName(key), type, config), disabled: true };
});

/** A preflight has no token, and an address is looked at before a signature; authorisation is told of who has a good one. */
const BEFORE_TOKENS = OPTIONAL.slice(0, HTTP_FILTERS.indexOf("ext_authz"));
const AFTER_TOKENS = OPTIONAL.slice(BEFORE_TOKENS.length);

function filter(name: string, type: string, config: Record<string, unknown>): HttpFilter {
  return { ...HttpFilter.fromPartial({}), name, configType: { $case: "typedConfig", value: packStruct(type, config) } };
}
