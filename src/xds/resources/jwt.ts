import type { HttpFilter } from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import type { Any } from "#proto/google/protobuf/any.ts";
import type { IrJwtKeys, IrJwtProvider, IrJwtRequirement } from "#translate/ir-jwt.ts";
import { packStruct } from "./any.ts";

export const JWT_FILTER = "envoy.filters.http.jwt_authn";

/** Who signs tokens, stands in the listener; whose token a route asks for, the route says ({@link jwtRequirement}). */
export function jwtFilter(providers: readonly IrJwtProvider[]): Pick<HttpFilter, "name" | "configType"> {
  const value = packStruct("envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication", {
    providers: Object.fromEntries(providers.map((provider) => [provider.name, providerConfig(provider)])),
    requirement_map: Object.fromEntries(providers.map(({ name }) => [name, { provider_name: name }])),
  });
  return { name: JWT_FILTER, configType: { $case: "typedConfig", value } };
}

/** A provider that the listener does not know lets nobody pass (403). */
export function jwtRequirement({ provider }: IrJwtRequirement): Any {
  return packStruct("envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig", { requirement_name: provider });
}

function providerConfig({ issuer, audiences, forward, keys }: IrJwtProvider): Record<string, unknown> {
  return {
    ...(issuer === undefined ? {} : { issuer }),
    ...(audiences.length === 0 ? {} : { audiences: [...audiences] }),
    forward,
    ...keysConfig(keys),
  };
}

function keysConfig(keys: IrJwtKeys): Record<string, unknown> {
  if (keys.type === "inline") return { local_jwks: { inline_string: keys.jwks } };
  const { uri, cluster, timeout, cache } = keys;
  return { remote_jwks: { http_uri: { uri, cluster, timeout: seconds(timeout) }, cache_duration: seconds(cache) } };
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000}s`;
}
