import { X509Certificate } from "node:crypto";
import { type Secret, secretBytes } from "#resources/secret.ts";

/** The certificates of `ca.crt` as PEM, or what is wrong with them. */
export type Authorities = { readonly pem: string } | { readonly problem: string };

/** A Secret is read once: to parse certificates costs more than all the rest of a translation. */
const KNOWN = new WeakMap<Secret, Authorities>();

export function authoritiesOf(secret: Secret): Authorities {
  const known = KNOWN.get(secret);
  if (known !== undefined) return known;
  const read = readAuthorities(secretBytes(secret, "ca.crt")?.toString("utf8"));
  KNOWN.set(secret, read);
  return read;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function readAuthorities(text: string | undefined): Authorities {
  if (text === undefined) return { problem: "it has no ca.crt" };
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return { problem: "its ca.crt holds no certificate" };
  const broken = certificates.findIndex((certificate) => !isReadable(certificate));
  if (broken !== -1) return { problem: `certificate ${broken + 1} of its ca.crt cannot be read` };
  return { pem: `${certificates.join("\n")}\n` };
}

function isReadable(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).raw.length > 0;
  } catch {
    return false;
  }
}
