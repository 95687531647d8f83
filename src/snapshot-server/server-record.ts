import { readFileSync } from "node:fs";
import { replaceFile } from "#lib/replace-file.ts";
import type { ProcessIdentity } from "#supervisor/process-identity.ts";

/** Which process is the snapshot server of a state directory. */
export interface ServerRecord extends ProcessIdentity {
  /** See build-hash.ts. */
  readonly build: string;
}

export function writeServerRecord(path: string, record: ServerRecord): void {
  replaceFile(path, `${JSON.stringify(record)}\n`);
}

/** Undefined when there is none, or none that can be read. Without zod, which would be a quarter of the stand-by's memory. */
export function readServerRecord(path: string): ServerRecord | undefined {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const { pid, startTicks, bootId, build } = read as Record<string, unknown>;
  const isRecord =
    typeof pid === "number" &&
    Number.isInteger(pid) &&
    pid > 0 &&
    typeof startTicks === "number" &&
    typeof bootId === "string" &&
    typeof build === "string";
  return isRecord ? { pid, startTicks, bootId, build } : undefined;
}
