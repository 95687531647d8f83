import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { errorMessage } from "#lib/error-message.ts";

/** A certificate chain with its key, as PEM text that Envoy takes. */
export interface KeyPair {
  /** The leaf first. */
  readonly chain: string;
  readonly privateKey: string;
  /** The leaf's end of validity, milliseconds since the epoch. */
  readonly notAfter: number;
}

/** BoringSSL in Envoy refuses smaller ones (envoy tls_context: "only RSA certificates with 2048-bit or larger keys"). */
const LEAST_RSA_BITS = 2048;

/**
 * Reads a PEM certificate chain and its private key and checks that they belong together and that Envoy can use them.
 * The words never hold anything of the key.
 */
export function readKeyPair(chain: string, privateKey: string): { pair: KeyPair } | { problem: string } {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(chain);
  } catch (error) {
    return { problem: `tls.crt is not a PEM certificate (${errorMessage(error)})` };
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(privateKey);
  } catch {
    return { problem: "tls.key is not a PEM private key without a passphrase" };
  }
  if (!leaf.checkPrivateKey(key)) return { problem: "tls.key is not the key of the first certificate in tls.crt" };
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < LEAST_RSA_BITS) {
    return { problem: `the RSA key has ${bits} bits and Envoy takes ${LEAST_RSA_BITS} or more` };
  }
  return { pair: { chain, privateKey, notAfter: Date.parse(leaf.validTo) } };
}
