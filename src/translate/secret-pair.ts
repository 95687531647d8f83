import { readKeyPair } from "#resources/key-pair.ts";
import type { Resource } from "#resources/resource.ts";
import { type Secret, secretBytes } from "#resources/secret.ts";

/** A Secret is read once: checking a key costs more than all the rest of a translation. */
const PAIRS = new WeakMap<Secret, ReturnType<typeof readKeyPair>>();

/** The certificate and key of a Secret. */
export function pairOf(secret: Secret): ReturnType<typeof readKeyPair> {
  const known = PAIRS.get(secret);
  if (known !== undefined) return known;
  const chain = secretBytes(secret, "tls.crt");
  const key = secretBytes(secret, "tls.key");
  const pair =
    chain === undefined || key === undefined
      ? { problem: `it has no ${chain === undefined ? "tls.crt" : "tls.key"}` }
      : readKeyPair(chain.toString("utf8"), key.toString("utf8"));
  PAIRS.set(secret, pair);
  return pair;
}

/** Whether it is a Secret whose pair hosts can be served with. */
export function holdsPair(object: Resource): boolean {
  return object.kind === "Secret" && "pair" in pairOf(object);
}
