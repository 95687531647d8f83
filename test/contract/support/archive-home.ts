import assert from "node:assert/strict";
import { join } from "node:path";
import { bytesHash } from "#lib/canonical.ts";
import { createLogger, type Logger, silentLogger } from "#lib/log.ts";
import { packBytes } from "#lib/packed-bytes.ts";
import type { XdsResource, XdsType } from "#xds/resource.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { SnapshotArchive } from "#xds/snapshot-archive.ts";
import { loadSnapshotArchive } from "#xds/snapshot-archive-load.ts";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";

/** A control plane's snapshot with its archive, which can be stopped and started again over the same file. */
export class ArchiveHome implements AsyncDisposable {
  readonly file: string;
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  snapshot = new Snapshot();
  onAcknowledged: (resource: XdsResource) => void = () => {};
  readonly #directory: AsyncDisposable;
  #archive: SnapshotArchive | undefined;

  static async create(): Promise<ArchiveHome> {
    const directory = await temporaryDirectory("archive");
    return new ArchiveHome(directory, join(directory.path, "snapshot.sqlite"));
  }

  private constructor(directory: AsyncDisposable, file: string) {
    this.#directory = directory;
    this.file = file;
    this.restart();
  }

  acknowledge(...resources: readonly XdsResource[]): void {
    for (const made of resources) this.snapshot.acknowledge(made);
  }

  flush(): void {
    this.#archive?.flush();
  }

  load(): ReturnType<typeof loadSnapshotArchive> {
    this.flush();
    return loadSnapshotArchive(this.file);
  }

  reload(): Snapshot {
    const loaded = this.load();
    assert.ok(loaded.type === "loaded", loaded.type === "refused" ? loaded.reason : "");
    return loaded.snapshot;
  }

  refusal(): string {
    const loaded = this.load();
    assert.ok(loaded.type === "refused");
    return loaded.reason;
  }

  versions(type: XdsType): Record<string, string> {
    return Object.fromEntries(this.snapshot.names(type).map((name) => [name, this.snapshot.get(type, name)!.version]));
  }

  stop(): void {
    this.#archive?.[Symbol.dispose]();
    this.#archive = undefined;
  }

  restart(): void {
    this.stop();
    this.snapshot = new Snapshot();
    this.snapshot.listen({ acknowledged: (resource) => this.onAcknowledged(resource) });
    this.#archive = new SnapshotArchive(this.file, this.snapshot, this.#log());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#directory[Symbol.asyncDispose]();
  }

  #log(): Logger {
    const lines = createLogger({ level: "warn", format: "text", write: (line) => this.warnings.push(line) });
    return {
      ...silentLogger,
      warn: (message, fields) => lines.warn(message, fields),
      error: (message, fields) => this.errors.push(`${message} ${fields?.["error"]}`),
    };
  }
}

export function resource(type: XdsType, name: string, content = "", clusters: readonly string[] = []): XdsResource {
  const bytes = Buffer.from(`${type} ${name} ${content} ${clusters.join()}`);
  return { type, name, version: bytesHash(bytes), bytes: packBytes(bytes), clusters, sources: [] };
}
