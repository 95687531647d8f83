import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bytesHash } from "#lib/canonical.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the snapshot server is made of; its dependencies and the generated messages go by package.json's exact versions. */
const SOURCES = ["package.json", "src/lib/*.ts", "src/snapshot-server/*.ts", "src/supervisor/*.ts", "src/xds/**/*.ts"];

/** Names this build of the snapshot server: one that runs with another is replaced. */
export function buildHash(): string {
  const files = globSync(SOURCES, { cwd: ROOT, exclude: (name) => name.endsWith(".test.ts") }).sort();
  const hashes = files.map((file) => `${file} ${bytesHash(readFileSync(`${ROOT}/${file}`))}`);
  return bytesHash([process.version, ...hashes].join("\n"));
}
