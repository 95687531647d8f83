import { readFile } from "node:fs/promises";
import { errorMessage } from "#lib/error-message.ts";
import { PlatformError } from "../platform-error.ts";
import type { Credentials } from "./client/credentials.ts";

/** How the cloud is shown who asks: secrets are files, so that they are in no configuration and may change. */
export interface CredentialFiles {
  readonly username?: string;
  readonly userDomain: string;
  readonly passwordFile?: string;
  readonly applicationCredential?: { readonly id: string; readonly secretFile: string };
  readonly tokenFile?: string;
}

/** Throws {@link PlatformError} when a file cannot be read. */
export async function readCredentials(files: CredentialFiles): Promise<Credentials> {
  const { username = "", userDomain, passwordFile = "", applicationCredential, tokenFile } = files;
  if (applicationCredential !== undefined) {
    const { id, secretFile } = applicationCredential;
    return { type: "applicationCredential", id, secret: await secret(secretFile) };
  }
  if (tokenFile !== undefined) return { type: "token", token: await secret(tokenFile) };
  return { type: "password", username, userDomain: { name: userDomain }, password: await secret(passwordFile) };
}

async function secret(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new PlatformError(`${file} cannot be read: ${errorMessage(error)}`, { kind: "credentials", cause: error });
  }
}
