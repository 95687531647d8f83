import type { ProxyVirtualHost } from "#resources/httpproxy.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { type Secret, secretBytes } from "#resources/secret.ts";
import { authoritiesOf } from "../certificate-authority.ts";
import { usableSecret } from "../delegation.ts";
import { clientValidationName, type IrClientValidation, type TlsClientPolicy } from "../ir-listener.ts";
import type { Reader } from "../unit.ts";

type Validation = NonNullable<NonNullable<ProxyVirtualHost["tls"]>["clientValidation"]>;

export type ClientValidation =
  | {
      readonly client: TlsClientPolicy;
      readonly item: IrClientValidation;
      /** The Secrets that it is made from. */
      readonly from: readonly ObjectRef[];
    }
  | {
      readonly reason: "ClientValidationInvalid" | "DelegationNotPermitted";
      readonly field: "" | "caSecret" | "crlSecret";
      readonly problem: string;
      readonly fix: string;
    };

type Details = TlsClientPolicy["forward"][number];

const DETAILS = ["subject", "cert", "chain", "dns", "uri"] as const satisfies readonly Details[];

/** Which clients a host takes. Where that is wrong the caller has to take none. */
export function clientValidation(validation: Validation, host: string, own: string, read: Reader): ClientValidation {
  const { caSecret, crlSecret, skipClientCertValidation, forwardClientCertificate } = validation;
  const skips = skipClientCertValidation === true;
  if (caSecret === undefined && !skips) {
    const problem = "neither caSecret nor skipClientCertValidation is given";
    return { reason: "ClientValidationInvalid", field: "", problem, fix: "name a Secret with ca.crt" };
  }
  if (caSecret === undefined && crlSecret !== undefined) {
    const problem = "who is revoked is told by crlSecret, and whose certificates those are by no caSecret";
    return { reason: "ClientValidationInvalid", field: "crlSecret", problem, fix: "add caSecret, or remove crlSecret" };
  }
  const from: ObjectRef[] = [];
  let authorities: string | undefined;
  if (caSecret !== undefined) {
    const found = secretPart(caSecret, own, read, (secret) => authoritiesOf(secret), "ca.crt");
    if ("problem" in found) return { ...found, field: "caSecret" };
    authorities = found.pem;
    from.push(found.ref);
  }
  let revoked: string | undefined;
  if (crlSecret !== undefined) {
    const found = secretPart(crlSecret, own, read, revocations, "crl.pem");
    if ("problem" in found) return { ...found, field: "crlSecret" };
    revoked = found.pem;
    from.push(found.ref);
  }
  const name = clientValidationName(host);
  const forward = DETAILS.filter((detail) => forwardClientCertificate?.[detail] === true);
  const revokedLeafOnly = validation.crlOnlyVerifyLeafCert === true;
  return {
    client: { validation: name, optional: validation.optionalClientCertificate === true, forward },
    item: { type: "clientValidation", name, authorities, takesUntrusted: skips, revoked, revokedLeafOnly },
    from,
  };
}

type Part = { readonly pem: string } | { readonly problem: string };

function secretPart(
  reference: string,
  own: string,
  read: Reader,
  part: (secret: Secret) => Part,
  key: string,
):
  | { readonly pem: string; readonly ref: ObjectRef }
  | {
      readonly reason: "ClientValidationInvalid" | "DelegationNotPermitted";
      readonly problem: string;
      readonly fix: string;
    } {
  const found = usableSecret(reference, own, read);
  if ("refused" in found) {
    const { namespace, name } = found;
    if (found.refused === "notDelegated") {
      const problem = `Secret ${namespace}/${name} is not delegated to namespace ${own}`;
      const fix = `add a TLSCertificateDelegation in namespace ${namespace}`;
      return { reason: "DelegationNotPermitted", problem, fix };
    }
    const problem = `Secret ${namespace}/${name} does not exist`;
    return { reason: "ClientValidationInvalid", problem, fix: `create it with ${key} in namespace ${namespace}` };
  }
  const made = part(found.secret);
  if ("pem" in made) return { pem: made.pem, ref: refOf(found.secret) };
  const { namespace, name } = found.secret.metadata;
  const problem = `Secret ${namespace}/${name} cannot be used: ${made.problem}`;
  return { reason: "ClientValidationInvalid", problem, fix: `put PEM into ${key}` };
}

const REVOCATION_LIST = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

function revocations(secret: Secret): Part {
  const text = secretBytes(secret, "crl.pem")?.toString("utf8");
  if (text === undefined) return { problem: "it has no crl.pem" };
  const lists = text.match(REVOCATION_LIST) ?? [];
  return lists.length === 0 ? { problem: "its crl.pem holds no list" } : { pem: `${lists.join("\n")}\n` };
}
