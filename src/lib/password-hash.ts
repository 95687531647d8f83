import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/**
 * Passwords as hashes of scrypt (RFC 7914), written as PHC strings: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, where N = 2^ln and both
 * ends are base64 without padding. scrypt is in Node itself and runs beside the main thread, which bcrypt in JavaScript
 * would hold up; its costs here are those of OWASP's Password Storage Cheat Sheet at 32 MiB (a quarter of a second).
 */
export interface PasswordHash {
  /** Binary logarithm of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const COSTS = { ln: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What a hash may ask of us: 128 MiB, and eight times the time of that. */
const MOST_LN = 17;
const MOST_P = 8;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Undefined: it is no such string, is cheaper to guess than ours by far, or would cost more than a check may. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, ln = "", r = "", p = "", salt = "", hash = ""] = FORM.exec(text) ?? [];
  const parsed: PasswordHash = {
    ln: Number(ln),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
  const isCostly = parsed.ln >= 14 && parsed.ln <= MOST_LN && parsed.r === 8 && parsed.p >= 1 && parsed.p <= MOST_P;
  const isWhole = parsed.salt.length >= SALT_BYTES && parsed.hash.length === HASH_BYTES;
  return isCostly && isWhole ? parsed : undefined;
}

/** A new hash with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...COSTS, salt });
  return `$scrypt$ln=${COSTS.ln},r=${COSTS.r},p=${COSTS.p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Costs the time that the hash says, off the main thread. */
export async function isPassword(password: string, expected: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, expected), expected.hash);
}

/** Passwords that look the same are the same, however they were typed (RFC 8265 §4.2 asks for NFC). */
function derive(password: string, { ln, r, p, salt }: Omit<PasswordHash, "hash">): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = { N: 2 ** ln, r, p, maxmem: 2 * 128 * r * 2 ** ln };
  scrypt(password.normalize("NFC"), salt, HASH_BYTES, options, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
