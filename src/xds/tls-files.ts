import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { bytesHash } from "#lib/canonical.ts";
import { errorMessage } from "#lib/error-message.ts";

/** PEM files of a server that asks its clients for certificates. */
export interface TlsFiles {
  /** The certificate chain, the leaf first. */
  readonly certificateFile: string;
  /** The leaf's private key, not encrypted. */
  readonly keyFile: string;
  /** The authorities that sign the clients' certificates. */
  readonly clientCaFile: string;
}

export interface TlsMaterial {
  /** For a server's handshakes: TLS 1.2 or newer. */
  readonly context: SecureContextOptions;
  /** Of the content: equal for equal files. */
  readonly hash: string;
  /** The leaf's end of validity, milliseconds since the epoch. */
  readonly notAfter: number;
}

/**
 * Reads the files and makes sure that they belong together. Throws with the file that is at fault and what to do; the
 * words never hold anything of a key.
 */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  const cert = read(files.certificateFile, "the certificate");
  const key = read(files.keyFile, "the private key");
  const ca = read(files.clientCaFile, "the authority for the clients' certificates");
  const [leaf] = certificates(cert, files.certificateFile);
  const privateKey = keyOf(key, files.keyFile);
  if (leaf === undefined || !leaf.checkPrivateKey(privateKey)) {
    throw new Error(
      `the key in ${files.keyFile} does not belong to the first certificate in ${files.certificateFile}; ` +
        "put the pair there that was issued together, the leaf first",
    );
  }
  for (const authority of certificates(ca, files.clientCaFile)) {
    if (!authority.ca) {
      throw new Error(
        `${files.clientCaFile} holds a certificate that is no authority's (${oneLine(authority.subject)}); ` +
          "put the one there that signs the Envoys' certificates",
      );
    }
  }
  const context: SecureContextOptions = { cert, key, ca, minVersion: "TLSv1.2" };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new Error(`the certificate in ${files.certificateFile} cannot be used for TLS`, { cause });
  }
  const hash = bytesHash([cert, key, ca].map((content) => bytesHash(content)).join(" "));
  return { context, hash, notAfter: leaf.validToDate.getTime() };
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`cannot read ${what}; correct the path, or let this user read the file`, { cause });
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** At least one. */
function certificates(pem: Buffer, file: string): readonly X509Certificate[] {
  const blocks = pem.toString("latin1").match(PEM_CERTIFICATE);
  if (blocks === null) throw new Error(`${file} holds no certificate; PEM is expected (-----BEGIN CERTIFICATE-----)`);
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new Error(`${file} holds a certificate that cannot be read: ${errorMessage(error)}`, { cause: error });
    }
  });
}

function keyOf(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    // Which of the two it is, OpenSSL tells differently from release to release; the words hold nothing of the key.
    throw new Error(`${file} holds no private key that can be read; PEM without a passphrase is expected`, { cause });
  }
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
