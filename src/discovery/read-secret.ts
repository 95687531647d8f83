import { readFile } from "node:fs/promises";
import { errorMessage } from "#lib/error-message.ts";
import { PlatformError } from "./platform-error.ts";

/**
 * The secret in a file, without the end of its line. Throws {@link PlatformError} where it cannot be read, or holds none; of
 * what it holds nothing is told.
 */
export async function readSecret(file: string): Promise<string> {
  const secret = await textOf(file);
  if (secret === "") throw new PlatformError(`${file} is empty, expected a secret`, { kind: "credentials" });
  if (/[\r\n]/.test(secret))
    throw new PlatformError(`${file} has several lines, expected a secret and nothing else`, { kind: "credentials" });
  return secret;
}

async function textOf(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new PlatformError(`${file} cannot be read: ${errorMessage(error)}`, { kind: "credentials", cause: error });
  }
}
