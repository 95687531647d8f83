import { generateKeyPairSync } from "node:crypto";

export type KeyType = "ecdsa-p256" | "ecdsa-p384" | "rsa-2048" | "rsa-4096";

/** PEM, of a certificate. */
export function newKey(type: KeyType): string {
  const [algorithm, size] = type.split("-") as ["ecdsa" | "rsa", string];
  const { privateKey } =
    algorithm === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: Number(size) })
      : generateKeyPairSync("ec", { namedCurve: size.replace("p", "P-") });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}

/** PEM, of an account. */
export function newAccountKey(): string {
  return newKey("ecdsa-p256");
}
