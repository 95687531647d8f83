import { createPublicKey } from "node:crypto";
import { isMap } from "#lib/schema-rules.ts";

type Jwk = Readonly<Record<string, string>>;

/**
 * The keys of a JWKS (RFC 7517) that Envoy can use, written anew with what it reads of them, or why there are none. Envoy refuses a
 * whole listener for a set without one such key, and for JSON that others take (a byte order mark, a name twice, deep nesting,
 * half a surrogate pair, 1e400); beside a good key it passes over those that it cannot use (jwt_verify_lib, Envoy 1.40).
 */
export function readJwks(text: string): { readonly jwks: string } | { readonly problem: string } {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return { problem: "is no JSON" };
  }
  const keys: unknown = isMap(read) ? read["keys"] : undefined;
  if (!Array.isArray(keys)) return { problem: "is no JWKS" };
  if (keys.length === 0) return { problem: "has no keys" };
  const found = keys.map(readKey);
  const usable = found.filter((key) => typeof key !== "string");
  if (usable.length > 0) return { jwks: JSON.stringify({ keys: usable }) };
  return { problem: `has no key that can be used: keys[0] ${found.find((key) => typeof key === "string")}` };
}

/** The members that Envoy reads; one that is no text counts as absent there, too. */
const MEMBERS = ["kty", "kid", "alg", "use", "crv", "n", "e", "x", "y", "k"];

/** Returns why it cannot be used, in words that hold nothing of it. */
function readKey(value: unknown): Jwk | string {
  if (!isMap(value)) return "is no object";
  const key: Record<string, string> = {};
  for (const name of MEMBERS) {
    const member = value[name];
    if (typeof member !== "string") continue;
    if (!member.isWellFormed()) return `has half a character in ${name}`;
    key[name] = member;
  }
  const { alg = "", kty = "" } = key;
  switch (kty) {
    case "RSA":
      if (alg !== "" && !/^[RP]S/.test(alg)) return "has an alg that is none of RSA's (RS…, PS…)";
      return withNumbers(key, ["n", "e"]) ?? (isGoodRsa(key) ? key : "has n and e that are no public key of RSA");
    case "EC":
      return readEllipticKey(key, alg);
    case "OKP":
      if (key["crv"] !== "Ed25519") return "has a crv that is not Ed25519";
      if (alg !== "" && alg !== "EdDSA") return "has an alg that is not EdDSA";
      return withNumbers(key, ["x"]) ?? (isPublicKey(key) ? key : "has an x that is no public key of Ed25519");
    case "oct":
      if (alg !== "" && !alg.startsWith("HS")) return "has an alg that is none of a shared key's (HS…)";
      return withNumbers(key, ["k"]) ?? key;
    default:
      return "has a kty that is not RSA, EC, OKP or oct";
  }
}

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

function readEllipticKey(key: Record<string, string>, alg: string): Jwk | string {
  if (alg !== "" && !Object.hasOwn(CURVES, alg)) return "has an alg that is not ES256, ES384 or ES512";
  key["crv"] ??= CURVES[alg] ?? "P-256";
  if (!Object.values(CURVES).includes(key["crv"])) return "has a crv that is not P-256, P-384 or P-521";
  if (alg !== "" && CURVES[alg] !== key["crv"]) return "has an alg and a crv that do not go together";
  return withNumbers(key, ["x", "y"]) ?? (isPublicKey(key) ? key : "has x and y that are no point of its curve");
}

/** Takes the padding off, which base64url has none of here (RFC 7515 §2). Returns what is wrong. */
function withNumbers(key: Record<string, string>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = key[name]?.replace(/={1,2}$/, "") ?? "";
    if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return `has ${name} missing, or not in base64url`;
    key[name] = text;
  }
  return undefined;
}

/** What BoringSSL checks of one: the exponent is odd and at least 3, the modulus is odd and of a size in use. */
function isGoodRsa(key: Jwk): boolean {
  const n = Buffer.from(key["n"] ?? "", "base64url");
  const e = Buffer.from(key["e"] ?? "", "base64url");
  if (e.length > 4 || (e.at(-1) ?? 0) % 2 === 0 || (n.at(-1) ?? 0) % 2 === 0) return false;
  const bits = BigInt(`0x${n.toString("hex")}`).toString(2).length;
  return e.readUIntBE(0, e.length) >= 3 && bits >= 1024 && bits <= 8192 && isPublicKey(key);
}

function isPublicKey(key: Jwk): boolean {
  try {
    createPublicKey({ key, format: "jwk" });
    return true;
  } catch {
    return false;
  }
}
