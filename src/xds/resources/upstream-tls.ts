import { TransportSocket } from "#proto/envoy/config/core/v3/base.ts";
import {
  type CertificateValidationContext,
  SubjectAltNameMatcher_SanType,
} from "#proto/envoy/extensions/transport_sockets/tls/v3/common.ts";
import { UpstreamTlsContext } from "#proto/envoy/extensions/transport_sockets/tls/v3/tls.ts";
import type { IrCluster } from "#translate/ir.ts";
import { packAny } from "./any.ts";

/** TLS to an upstream. Its certificate is verified where the cluster says by whom, as Contour's `validation` means it. */
export function upstreamTls(ir: IrCluster): TransportSocket {
  const context = UpstreamTlsContext.fromPartial({
    sni: ir.sni ?? "",
    commonTlsContext: {
      alpnProtocols: ir.protocol === "http2" ? ["h2"] : ["http/1.1"],
      ...(ir.verify === undefined
        ? {}
        : { validationContextType: { $case: "validationContext", value: verified(ir.verify) } }),
    },
  });
  return tlsSocket(context);
}

export function tlsSocket(context: UpstreamTlsContext): TransportSocket {
  return TransportSocket.fromPartial({
    name: "envoy.transport_sockets.tls",
    configType: {
      $case: "typedConfig",
      value: packAny("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", UpstreamTlsContext, context),
    },
  });
}

export function verified({ authorities, names }: NonNullable<IrCluster["verify"]>) {
  return {
    trustedCa: { specifier: { $case: "inlineString", value: authorities } },
    matchTypedSubjectAltNames: names.map((name) => ({
      sanType: SubjectAltNameMatcher_SanType.DNS,
      matcher: { matchPattern: { $case: "exact", value: name } },
    })),
  } as const satisfies Parameters<typeof CertificateValidationContext.fromPartial>[0];
}
