import { Secret } from "#proto/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import { CertificateValidationContext_TrustChainVerification } from "#proto/envoy/extensions/transport_sockets/tls/v3/common.ts";
import type { IrCertificate } from "#translate/ir.ts";
import type { IrClientValidation } from "#translate/ir-listener.ts";

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

/** SDS: which certificates of clients are good. */
export function clientValidationSecret(ir: IrClientValidation): Secret {
  const { authorities, revoked } = ir;
  return Secret.fromPartial({
    name: ir.name,
    type: {
      $case: "validationContext",
      value: {
        ...(authorities === undefined ? {} : { trustedCa: inline(authorities) }),
        ...(ir.takesUntrusted
          ? { trustChainVerification: CertificateValidationContext_TrustChainVerification.ACCEPT_UNTRUSTED }
          : {}),
        ...(revoked === undefined ? {} : { crl: inline(revoked), onlyVerifyLeafCertCrl: ir.revokedLeafOnly }),
      },
    },
  });
}

function inline(value: string) {
  return { specifier: { $case: "inlineString", value } } as const;
}
