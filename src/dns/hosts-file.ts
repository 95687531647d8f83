import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

/** The addresses of each name in a hosts file (hosts(5)), by lower-case name, in the file's order. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      found.set(key, [...(found.get(key) ?? []), address]);
    }
  }
  return found;
}

/** Of the machine's own file; nothing where it cannot be read. */
export async function readHosts(file = "/etc/hosts"): Promise<ReadonlyMap<string, readonly string[]>> {
  return parseHosts(await readFile(file, "utf8").catch(() => ""));
}
