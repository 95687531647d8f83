import { generateKeyPairSync, sign } from "node:crypto";

/** A key that signs tokens, with its public half as it stands in a JWKS. */
export interface TokenKey {
  readonly jwk: object;
  /** A token with these claims (RFC 7519). */
  sign(claims: object): string;
}

/** A new key. @param kid its name in tokens and in the JWKS */
export function tokenKey(alg: "RS256" | "ES256", kid: string): TokenKey {
  const { publicKey, privateKey } =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    jwk: { ...publicKey.export({ format: "jwk" }), alg, kid, use: "sig" },
    sign: (claims) => {
      const signed = `${part({ alg, kid, typ: "JWT" })}.${part(claims)}`;
      const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
  };
}

/** The keys as a server gives them (RFC 7517). */
export function jwks(...keys: readonly TokenKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
