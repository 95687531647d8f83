import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

export type KeyType = "ecdsa-p256" | "ecdsa-p384" | "rsa-2048" | "rsa-4096";

const generated = promisify(generateKeyPair);

/** PEM, of a certificate. Not on this thread: 4,096 bits of RSA take it seconds, in which no Envoy would be answered. */
export async function newKey(type: KeyType): Promise<string> {
  const [algorithm, size] = type.split("-") as ["ecdsa" | "rsa", string];
  const { privateKey } =
    algorithm === "rsa"
      ? await generated("rsa", { modulusLength: Number(size) })
      : await generated("ec", { namedCurve: size.replace("p", "P-") });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

/** PEM, of an account. */
export function newAccountKey(): Promise<string> {
  return newKey("ecdsa-p256");
}
