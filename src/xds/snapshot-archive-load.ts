import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { bytesHash } from "#lib/canonical.ts";
import { databaseInMemory } from "#lib/database-in-memory.ts";
import { isDiskFault } from "#lib/disk-fault.ts";
import { errorMessage } from "#lib/error-message.ts";
import { packBytes } from "#lib/packed-bytes.ts";
import { XDS_TYPES, type XdsResource, type XdsType } from "./resource.ts";
import { Snapshot } from "./snapshot.ts";
import { archiveFault } from "./snapshot-archive-schema.ts";

export type LoadedArchive =
  /** The snapshot is open: it answers streams at once. */
  | { readonly type: "loaded"; readonly snapshot: Snapshot; readonly resources: number }
  /** Nothing of it is served: half a configuration would take hosts away. */
  | { readonly type: "refused"; readonly reason: string };

/** Reads an archive whole or not at all. Writes nothing into it, and needs no room on the disk. */
export function loadSnapshotArchive(file: string): LoadedArchive {
  if (!existsSync(file)) return refused(file, "there is none yet");
  try {
    return read(file, () => new DatabaseSync(file, { readOnly: true, timeout: 2_000 }));
  } catch (error) {
    return isDiskFault(error) ? readWithoutRoom(file) : refused(file, cannotBeRead(error));
  }
}

/** On a full disk SQLite cannot make the file in which those who use a write-ahead log find each other. */
function readWithoutRoom(file: string): LoadedArchive {
  try {
    return read(file, () => databaseInMemory(file));
  } catch (error) {
    return refused(file, cannotBeRead(error));
  }
}

function read(file: string, open: () => DatabaseSync): LoadedArchive {
  using database = open();
  const fault = archiveFault(database);
  if (fault !== undefined) return refused(file, fault);
  if (database.prepare("SELECT milliseconds FROM complete_since").get() === undefined) {
    return refused(file, "no Envoy has acknowledged a whole configuration yet");
  }
  const resources = database
    .prepare("SELECT type, name, version, bytes, clusters, listeners, checked FROM resource")
    .all()
    .map(resourceOf);
  const snapshot = new Snapshot();
  snapshot.apply(resources);
  snapshot.open();
  return { type: "loaded", snapshot, resources: resources.length };
}

function cannotBeRead(error: unknown): string {
  return `it cannot be read: ${errorMessage(error)}`;
}

function refused(file: string, reason: string): LoadedArchive {
  return { type: "refused", reason: `the snapshot archive ${file} is not served: ${reason}` };
}

function resourceOf(row: Readonly<Record<string, unknown>>): XdsResource {
  const { type, name, version, bytes, clusters, listeners, checked } = row;
  if (!isXdsType(type) || typeof name !== "string" || !(bytes instanceof Uint8Array)) {
    throw new Error(`there is a row that is no resource: ${String(type)} ${String(name)}`);
  }
  // A version is the hash of its bytes (see resource.ts): what changed on the disk is found out.
  if (bytesHash(bytes) !== version) throw new Error(`${type} ${name} is not what its version says`);
  return {
    type,
    name,
    version,
    bytes: packBytes(bytes),
    clusters: namesOf(clusters),
    listeners: namesOf(listeners),
    checked: checked === 1,
    sources: [],
  };
}

function isXdsType(type: unknown): type is XdsType {
  return XDS_TYPES.some((known) => known === type);
}

function namesOf(json: unknown): readonly string[] {
  const names: unknown = JSON.parse(String(json));
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string"))
    throw new Error(`there is a row whose needs are no names: ${String(json)}`);
  return names;
}
