import { readFile } from "node:fs/promises";

/**
 * What a client of a platform trusts besides the machine's authorities: those of a PEM file, as Node's `ca`. Throws when the file
 * cannot be read: nothing could be asked without it.
 */
export async function readAuthorities(caFile: string | undefined): Promise<{ readonly ca?: string }> {
  return caFile === undefined ? {} : { ca: await readFile(caFile, "utf8") };
}
