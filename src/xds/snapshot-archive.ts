import type { Logger } from "#lib/log.ts";
import { XDS_TYPES, type XdsResource } from "./resource.ts";
import type { ResourceName, Snapshot } from "./snapshot.ts";
import { type ArchiveKey, archiveKey, SnapshotArchiveFile } from "./snapshot-archive-file.ts";

/**
 * Keeps on disk what Envoy acknowledged last, so that an Envoy which starts while no control plane runs gets its
 * configuration (the snapshot server reads it). A resource is replaced only by a version that an Envoy took, and removed
 * only once nothing is on its way any more: at no moment does a route in the archive lack its cluster.
 */
export class SnapshotArchive implements Disposable {
  readonly #snapshot: Snapshot;
  readonly #file: SnapshotArchiveFile;
  readonly #stopListening: () => void;
  /** Version of each resource, as it is in the file or soon will be. */
  readonly #archived: Map<ArchiveKey, string>;
  /** What is served in a version that the archive does not have yet. */
  readonly #behind = new Set<ArchiveKey>();
  /** What is served no more, but may be pointed at by what is behind. */
  readonly #held = new Set<ArchiveKey>();
  /** Whether all that this run wanted has been acknowledged once. Until then what an earlier run left stays. */
  #wasWhole = false;

  /**
   * Follows `snapshot`, which should not be open yet.
   *
   * @param path of the SQLite file; one that is damaged or of another version is made anew, with a warning
   */
  constructor(path: string, snapshot: Snapshot, log: Logger) {
    this.#snapshot = snapshot;
    this.#file = new SnapshotArchiveFile(path, log);
    this.#archived = this.#file.versions();
    this.#stopListening = snapshot.listen({
      changed: (names) => this.#look(names),
      acknowledged: (resource) => this.#keep(resource),
    });
  }

  /** Whether a whole configuration was archived once, also by an earlier run: an Envoy can be served from it. */
  get isWhole(): boolean {
    return this.#wasWhole || this.#file.isComplete;
  }

  /** Resources that are served in a version which the archive does not have. */
  get behind(): number {
    return this.#behind.size;
  }

  /** Writes now what is waiting to be written with more. */
  flush(): void {
    this.#file.flush();
  }

  /** Writes what is left, and closes the file. */
  [Symbol.dispose](): void {
    this.#stopListening();
    this.#file[Symbol.dispose]();
  }

  #look(names: readonly ResourceName[]): void {
    const quarantined = new Set(this.#snapshot.quarantined().map((quarantine) => archiveKey(quarantine)));
    for (const name of names) {
      const key = archiveKey(name);
      const served = this.#snapshot.get(name.type, name.name);
      this.#behind.delete(key);
      this.#held.delete(key);
      if (served === undefined) this.#held.add(key);
      // What goes on in the place of a refused version was acknowledged. And Envoy asks for a secret at the first
      // handshake for its name: until then there is no answer to wait for.
      else if (quarantined.has(key) || name.type === "secret") this.#put(key, served);
      else if (this.#archived.get(key) !== served.version) this.#behind.add(key);
    }
    this.#settle();
  }

  #keep(resource: XdsResource): void {
    const key = archiveKey(resource);
    this.#put(key, resource);
    if (this.#behind.delete(key)) this.#settle();
  }

  #put(key: ArchiveKey, resource: XdsResource): void {
    if (this.#archived.get(key) === resource.version) return;
    this.#archived.set(key, resource.version);
    this.#file.put(resource);
  }

  #settle(): void {
    if (this.#behind.size > 0 || !this.#snapshot.ready) return;
    if (!this.#wasWhole) {
      this.#wasWhole = true;
      this.#holdLeftovers();
      this.#file.markComplete();
    }
    const needed = this.#neededByRefused();
    for (const key of this.#held) {
      if (needed.has(key)) continue;
      this.#held.delete(key);
      if (this.#archived.delete(key)) this.#file.delete(key);
    }
  }

  /** What an earlier run archived and this one does not serve. */
  #holdLeftovers(): void {
    const served = new Set(
      XDS_TYPES.flatMap((type) =>
        this.#snapshot
          .names(type)
          .filter((name) => this.#snapshot.get(type, name) !== undefined)
          .map((name) => archiveKey({ type, name })),
      ),
    );
    for (const key of this.#archived.keys()) if (!served.has(key)) this.#held.add(key);
  }

  /** A form that goes on because the one after it was refused may point at clusters that are wanted no more. */
  #neededByRefused(): ReadonlySet<ArchiveKey> {
    const clusters = this.#snapshot
      .quarantined()
      .flatMap(({ type, name }) => this.#snapshot.get(type, name)?.clusters ?? []);
    return new Set(
      clusters.flatMap((name) => [archiveKey({ type: "cluster", name }), archiveKey({ type: "endpoints", name })]),
    );
  }
}
