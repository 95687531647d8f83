import type { Any } from "#proto/google/protobuf/any.ts";
import type { IrAuthorization, IrHttpAuthorization, IrNameMatch } from "#translate/ir-policies.ts";
import { packStruct } from "./any.ts";
import { askAgain } from "./ask-again.ts";

/** ExtAuthzPerRoute: the service that a virtual host names, with what it is told. */
export function authorizationConfig(ir: IrAuthorization): Any {
  return packStruct("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", {
    check_settings: {
      context_extensions: { ...ir.context },
      ...(ir.body === undefined
        ? { disable_request_body_buffering: true }
        : {
            with_request_body: {
              max_request_bytes: ir.body.mostBytes,
              allow_partial_message: ir.body.allowPartial,
              pack_as_bytes: ir.body.asBytes,
            },
          }),
      ...(ir.service.protocol === "grpc"
        ? {
            grpc_service: {
              envoy_grpc: { cluster_name: ir.cluster, authority: ir.authority },
              timeout: `${ir.timeout / 1000}s`,
              retry_policy: askAgain(ir.timeout),
            },
          }
        : { http_service: httpService(ir.service, ir) }),
    },
  });
}

function httpService(
  ir: IrHttpAuthorization,
  { cluster, authority, timeout }: IrAuthorization,
): Record<string, unknown> {
  return {
    server_uri: { uri: `http://${authority}`, cluster, timeout: `${timeout / 1000}s` },
    retry_policy: askAgain(timeout),
    ...(ir.pathPrefix === "" ? {} : { path_prefix: ir.pathPrefix }),
    authorization_response: allowedUpstreamHeaders(ir.upstreamHeaders),
  };
}

function allowedUpstreamHeaders(names: readonly IrNameMatch[]): Record<string, unknown> {
  if (names.length === 0) return {};
  const patterns = names.map(({ type, value, ignoreCase }) => ({ [type]: value, ignore_case: ignoreCase }));
  return { allowed_upstream_headers: { patterns } };
}
