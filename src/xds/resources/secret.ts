import { Secret } from "#proto/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import type { IrCertificate } from "#translate/ir.ts";

/** SDS: a certificate, named by the server name that it is for. */
export function envoySecret({ name, chain, privateKey }: IrCertificate): Secret {
  return Secret.fromPartial({
    name,
    type: {
      $case: "tlsCertificate",
      value: {
        certificateChain: { specifier: { $case: "inlineString", value: chain } },
        privateKey: { specifier: { $case: "inlineString", value: privateKey } },
      },
    },
  });
}
