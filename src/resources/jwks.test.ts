import assert from "node:assert/strict";
import { generateKeyPairSync, type webcrypto } from "node:crypto";
import { suite, test } from "node:test";
import { readJwks } from "./jwks.ts";

const jwk = (made: {
  readonly publicKey: { export(options: { format: "jwk" }): webcrypto.JsonWebKey };
}): webcrypto.JsonWebKey => made.publicKey.export({ format: "jwk" });
const rsa = jwk(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const ec = jwk(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const ec384 = jwk(generateKeyPairSync("ec", { namedCurve: "P-384" }));
const strange = jwk(generateKeyPairSync("ec", { namedCurve: "secp256k1" }));
const ed = jwk(generateKeyPairSync("ed25519"));
const oct = { kty: "oct", k: Buffer.from("a key that is shared").toString("base64url") };
const n = rsa.n ?? "";

const read = (...keys: readonly unknown[]): ReturnType<typeof readJwks> => readJwks(JSON.stringify({ keys }));

/** Each as the real Envoy judged it (1.40, --mode validate). */
const GOOD: Readonly<Record<string, object>> = {
  rsa,
  "rsa, PS256": { ...rsa, alg: "PS256" },
  "rsa, no text as alg": { ...rsa, alg: 5 },
  "P-256": { ...ec, alg: "ES256" },
  "P-384": ec384,
  "no curve": { ...ec, crv: undefined },
  ed25519: { ...ed, alg: "EdDSA" },
  shared: { ...oct, alg: "HS256" },
  padded: { ...oct, k: `${oct.k}=` },
};
const BAD: Readonly<Record<string, unknown>> = {
  "no object": "x",
  "an unknown kty": { kty: "XX" },
  "no kty": { n, e: rsa.e },
  "a kty in small letters": { ...rsa, kty: "rsa" },
  "bad base64": { ...rsa, n: "!!!" },
  "base64 for other uses": { ...rsa, n: `+${n.slice(1)}` },
  "no modulus": { ...rsa, n: "" },
  "no exponent": { kty: "RSA", n },
  "an exponent of 1": { ...rsa, e: "AQ" },
  "an even exponent": { ...rsa, e: "Ag" },
  "a tiny modulus": { ...rsa, n: "AQAB" },
  "an even modulus": { ...rsa, n: `${n.slice(0, -2)}AA` },
  "rsa with HS256": { ...rsa, alg: "HS256" },
  "an unknown curve": strange,
  "a curve of another alg": { ...ec, alg: "ES384" },
  "no point of its curve": { ...ec, y: ec.x },
  "half a coordinate": { ...ec, x: ec.x?.slice(0, 8) },
  "ed25519 with another's alg": { ...ed, alg: "ES256" },
  "a short ed25519": { ...ed, x: ed.x?.slice(0, 8) },
  "shared with RS256": { ...oct, alg: "RS256" },
  "an empty shared key": { ...oct, k: "" },
  "base64 of an impossible length": { ...oct, k: "Y" },
  "half a character": { ...rsa, kid: "\ud800" },
};

suite("a JWKS", () => {
  for (const [what, key] of Object.entries(GOOD))
    test(`good: ${what}`, () => assert.ok("jwks" in read(key), JSON.stringify(read(key))));
  for (const [what, key] of Object.entries(BAD))
    test(`bad alone, passed over beside a good one: ${what}`, () => {
      const alone = read(key);
      assert.ok("problem" in alone && alone.problem.startsWith("has no key that can be used: keys[0] "));
      assert.deepEqual(read(key, rsa), read(rsa));
    });

  test("without keys, or none at all", () => {
    assert.deepEqual(read(), { problem: "has no keys" });
    assert.deepEqual(readJwks("[]"), { problem: "is no JWKS" });
    assert.deepEqual(readJwks(`{"keys":{}}`), { problem: "is no JWKS" });
    assert.deepEqual(readJwks("{"), { problem: "is no JSON" });
  });

  test("is written anew: names twice, deep nesting and what nobody reads are gone, padding, too", () => {
    const deep = `${"[".repeat(200)}${"]".repeat(200)}`;
    const text = `{"keys":[],"keys":[{"kty":"oct","k":"YWI=","more":${deep},"kid":"one"}],"x":1e400}`;
    assert.deepEqual(readJwks(text), { jwks: `{"keys":[{"kty":"oct","kid":"one","k":"YWI"}]}` });
  });
});
