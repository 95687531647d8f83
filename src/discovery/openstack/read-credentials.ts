import { readSecret } from "../read-secret.ts";
import type { Credentials } from "./client/credentials.ts";

/** How the cloud is shown who asks: secrets are files, so that they are in no configuration and may change. */
export interface CredentialFiles {
  readonly username?: string;
  readonly userDomain: string;
  readonly passwordFile?: string;
  readonly applicationCredential?: { readonly id: string; readonly secretFile: string };
  readonly tokenFile?: string;
}

/** Throws PlatformError when a file cannot be read. */
export async function readCredentials(files: CredentialFiles): Promise<Credentials> {
  const { username = "", userDomain, passwordFile = "", applicationCredential, tokenFile } = files;
  if (applicationCredential !== undefined) {
    const { id, secretFile } = applicationCredential;
    return { type: "applicationCredential", id, secret: await readSecret(secretFile) };
  }
  if (tokenFile !== undefined) return { type: "token", token: await readSecret(tokenFile) };
  return { type: "password", username, userDomain: { name: userDomain }, password: await readSecret(passwordFile) };
}
