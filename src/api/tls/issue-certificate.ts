import { isIP } from "node:net";

/** A certificate and its private key, both PEM in one text: what one file holds can't fit badly. */
export type PemPair = string;

export interface CertificateWishes {
  readonly commonName: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** An authority that signs with a key of its own: a new one, or that of `before`, so that what it signed stays good. */
export async function issueAuthority(wishes: CertificateWishes, before?: PemPair): Promise<PemPair> {
  const x509 = await library();
  const keys = before === undefined ? await newKeys() : await keysOf(before);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: nameOf(wishes.commonName),
    notBefore: new Date(wishes.notBefore),
    notAfter: new Date(wishes.notAfter),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n${await privatePem(keys.privateKey)}`;
}

/** A server's certificate for DNS names and IP addresses, with a key of its own, signed by `authority`. */
export async function issueServer(
  wishes: CertificateWishes,
  names: readonly string[],
  authority: PemPair,
): Promise<PemPair> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(authority);
  const signing = await keysOf(authority);
  const keys = await newKeys();
  const alternatives = names.map((name) => ({
    type: isIP(name) === 0 ? ("dns" as const) : ("ip" as const),
    value: name,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: nameOf(wishes.commonName),
    issuer: issuer.subject,
    notBefore: new Date(wishes.notBefore),
    notAfter: new Date(wishes.notAfter),
    publicKey: keys.publicKey,
    signingKey: signing.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(alternatives),
      await x509.AuthorityKeyIdentifierExtension.create(signing.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n${await privatePem(keys.privateKey)}`;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** It takes 20 MB and a tenth of a second to load, and is needed once in two months. */
async function library() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** RFC 4514, with the one attribute that we use. */
function nameOf(commonName: string): string {
  return `CN=${commonName.replaceAll(/[,+"\\<>;=#]/g, "\\$&")}`;
}

interface Keys {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

function newKeys(): Promise<Keys> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function keysOf(pair: PemPair): Promise<Keys> {
  const { PemConverter, X509Certificate } = await library();
  const der = PemConverter.decodeWithHeaders(pair).find(({ type }) => type === "PRIVATE KEY")?.rawData;
  if (der === undefined) throw new Error("the authority's file holds no private key");
  const privateKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  const publicKey = await new X509Certificate(pair).publicKey.export(ALGORITHM, ["verify"]);
  return { privateKey, publicKey };
}

async function privatePem(key: CryptoKey): Promise<string> {
  const { PemConverter } = await library();
  return `${PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}
