import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";

/** A certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for these DNS names or IPv4 addresses (the first is its common name), good for servers and clients. */
  issue(names: readonly string[], validity?: Validity): Certificate;
  /** A list of these certificates as revoked, PEM. */
  revoke(...certificates: readonly Certificate[]): string;
}

export interface Validity {
  readonly from?: Date;
  readonly until?: Date;
  /** Curve of the certificate's own key, P-256 unless given: Envoy does not take every one that Node makes. */
  readonly curve?: string;
}

const DAY_MS = 86_400_000;

/** An authority of the test's own, with P-256 keys: a few milliseconds, no file, no openssl. */
export function certificateAuthority(name = "binnacle test authority"): Authority {
  const keys = newKeys();
  const subject = distinguishedName(name);
  // basicConstraints CA:TRUE; keyUsage keyCertSign, cRLSign.
  const extensions = [extension("551d13", sequence(boolean(true)), true), extension("551d0f", hex("03020106"), true)];
  const own = certificate({ subject, issuer: subject, keys, signer: keys.privateKey, extensions, validity: {} });
  return {
    ...own,
    issue: (names, validity = {}) => {
      const leaf = newKeys(validity.curve);
      const usage = sequence(oid("2b06010505070301"), oid("2b06010505070302")); // serverAuth, clientAuth
      return certificate({
        subject: distinguishedName(names[0] ?? name),
        issuer: subject,
        keys: leaf,
        signer: keys.privateKey,
        extensions: [extension("551d11", sequence(...names.map(alternativeName))), extension("551d25", usage)],
        validity,
      });
    },
    revoke: (...certificates) => revocationList(subject, keys.privateKey, certificates),
  };
}

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Contents {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly keys: Keys;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly validity: Validity;
}

/** RFC 5280, section 4.1, in DER. */
function certificate({ subject, issuer, keys, signer, extensions, validity }: Contents): Certificate {
  const { from = new Date(Date.now() - DAY_MS), until = new Date(Date.now() + 30 * DAY_MS) } = validity;
  const algorithm = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer,
    sequence(time(from), time(until)),
    subject,
    keys.publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const whole = sequence(body, algorithm, bitString(sign("sha256", body, signer)));
  return {
    cert: pem("CERTIFICATE", whole),
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

/** RFC 5280, section 5.1, in DER. */
function revocationList(issuer: Buffer, signer: KeyObject, revoked: readonly Certificate[]): string {
  const now = time(new Date(Date.now() - DAY_MS));
  const entries = revoked.map(({ cert }) =>
    sequence(integer(Buffer.from(new X509Certificate(cert).serialNumber, "hex")), now),
  );
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const until = time(new Date(Date.now() + 30 * DAY_MS));
  const version2 = integer(Buffer.from([1]));
  const body = sequence(
    version2,
    algorithm,
    issuer,
    now,
    until,
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  );
  return pem("X509 CRL", sequence(body, algorithm, bitString(sign("sha256", body, signer))));
}

function pem(what: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${what}-----\n${lines.join("\n")}\n-----END ${what}-----\n`;
}

function newKeys(namedCurve = "P-256"): Keys {
  return generateKeyPairSync("ec", { namedCurve });
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(commonName)))));
}

function alternativeName(name: string): Buffer {
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  return address ? tagged(0x87, Buffer.from(name.split(".").map(Number))) : tagged(0x82, Buffer.from(name));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));
}

/** UTCTime: two digits of the year, good until 2049. */
function time(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

function oid(encoded: string): Buffer {
  return tagged(0x06, hex(encoded));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}
