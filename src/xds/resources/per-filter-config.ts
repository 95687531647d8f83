import { FilterConfig } from "#proto/envoy/config/route/v3/route_components.ts";
import type { Any } from "#proto/google/protobuf/any.ts";
import type { IrCors, IrIpFilter, IrLocalRateLimit, IrPolicies } from "#translate/ir-policies.ts";
import { packAny, packStruct } from "./any.ts";
import { authorizationConfig } from "./authorization.ts";
import { AUTHORIZATION_FILTERS, filterName, type HttpFilterKey, RATE_LIMIT_FILTER } from "./http-filters.ts";
import { JWT_FILTER, jwtRequirement } from "./jwt.ts";
import { NO_RATE_LIMIT } from "./rate-limit.ts";

type PerFilterConfig = { [filter: string]: Any };

/** What a route or virtual host tells the connection manager's filters. One that it configures is on, the others stay as they are. */
export function perFilterConfig(policies: IrPolicies): PerFilterConfig {
  const { cors, ipFilter, localRateLimit, authorization, jwt, rateLimit, cookies } = policies;
  return {
    ...entry("cors", cors, corsConfig),
    ...entry("rbac", ipFilter, ipFilterConfig),
    ...authorizationEntries(authorization),
    ...(jwt === undefined ? {} : { [JWT_FILTER]: jwt === "off" ? OFF : jwtRequirement(jwt) }),
    ...entry("local_ratelimit", localRateLimit, localRateLimitConfig),
    ...entry("lua", cookies, cookieConfig),
    ...(rateLimit === "off" ? { [RATE_LIMIT_FILTER]: NO_RATE_LIMIT } : {}),
  };
}

/** A route that switches it off does not know which its host uses. */
function authorizationEntries(policy: IrPolicies["authorization"]): PerFilterConfig {
  if (policy === undefined) return {};
  if (policy === "off") return Object.fromEntries(AUTHORIZATION_FILTERS.map((key) => [filterName(key), OFF]));
  const { failOpen, body } = policy;
  const key = `ext_authz${failOpen ? "_open" : ""}${body?.asBytes === true ? "_bytes" : ""}` as const;
  return entry(key, policy, authorizationConfig);
}

/** All filters that these policies switch on, off: for a route that belongs to somebody else. */
export function switchedOff(policies: IrPolicies): PerFilterConfig {
  const off = Object.fromEntries(Object.keys(perFilterConfig(policies)).map((name) => [name, OFF]));
  return policies.rateLimit === undefined ? off : { ...off, [RATE_LIMIT_FILTER]: NO_RATE_LIMIT };
}

const OFF = packAny("envoy.config.route.v3.FilterConfig", FilterConfig, FilterConfig.fromPartial({ disabled: true }));

function entry<T extends object>(
  key: HttpFilterKey,
  policy: T | "off" | undefined,
  config: (policy: T) => Any,
): PerFilterConfig {
  if (policy === undefined) return {};
  return { [filterName(key)]: typeof policy === "object" ? config(policy) : OFF };
}

function corsConfig(ir: IrCors): Any {
  const { methods, headers, expose, maxAge } = ir;
  return packStruct("envoy.extensions.filters.http.cors.v3.CorsPolicy", {
    allow_origin_string_match: ir.origins.map(({ type, value }) =>
      type === "regex" ? { safe_regex: { regex: value } } : { exact: type === "any" ? "*" : value },
    ),
    allow_methods: methods.join(","),
    ...(headers.length === 0 ? {} : { allow_headers: headers.join(",") }),
    ...(expose.length === 0 ? {} : { expose_headers: expose.join(",") }),
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
    allow_credentials: ir.credentials,
    allow_private_network_access: ir.privateNetwork,
  });
}

function ipFilterConfig({ type, ranges }: IrIpFilter): Any {
  const principals = ranges.map(({ source, address, prefixLength }) => ({
    [source === "peer" ? "direct_remote_ip" : "remote_ip"]: { address_prefix: address, prefix_len: prefixLength },
  }));
  const policies = { addresses: { permissions: [{ any: true }], principals } };
  return packStruct("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", {
    rbac: { rules: { action: type === "allow" ? "ALLOW" : "DENY", policies } },
  });
}

const ALWAYS = { default_value: { numerator: 100, denominator: "HUNDRED" } };

function localRateLimitConfig(ir: IrLocalRateLimit): Any {
  return packStruct("envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", {
    stat_prefix: "binnacle_local_rate_limit",
    token_bucket: { max_tokens: ir.burst, tokens_per_fill: ir.fill, fill_interval: `${ir.interval / 1000}s` },
    filter_enabled: ALWAYS,
    filter_enforced: ALWAYS,
    status: { code: ir.status },
    response_headers_to_add: ir.headers.map(({ name, value }) => ({
      header: { key: name, value },
      append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
    })),
  });
}

function cookieConfig(cookies: NonNullable<IrPolicies["cookies"]>): Any {
  return packStruct("envoy.extensions.filters.http.lua.v3.LuaPerRoute", {
    filter_context: { cookies: cookies.map((cookie) => ({ ...cookie })) },
  });
}
