import { compareText } from "#lib/compare.ts";
import type { KubeList } from "./client.ts";
import type { KubeObject } from "./resource-type.ts";
import type { WatchEvent } from "./watch-events.ts";

/** `namespace` is empty for kinds that have none. */
export interface FullName {
  readonly namespace: string;
  readonly name: string;
}

/** What is different at the server since the last event. */
export type MirrorEvent =
  /** Everything was listed, for the first time or after a gap. */
  | {
      readonly type: "replaced";
      /** All there are. */
      readonly objects: readonly KubeObject[];
      /** Those of them that are new or say something else than before. */
      readonly changed: readonly KubeObject[];
      /** Those that are gone, sorted. */
      readonly deleted: readonly FullName[];
    }
  | { readonly type: "upsert"; readonly object: KubeObject }
  | { readonly type: "delete"; readonly name: FullName };

interface Known {
  readonly name: FullName;
  /** uid and resourceVersion: what tells one state of an object from another. */
  readonly state: string;
}

/** What is known of one resource at the server: its objects' names and states, not the objects. */
export class Mirror {
  readonly #tell: (event: MirrorEvent) => void;
  readonly #known = new Map<string, Known>();
  #version: string | undefined;
  #hasListed = false;

  constructor(tell: (event: MirrorEvent) => void) {
    this.#tell = tell;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Where a watch goes on; `undefined` when everything must be listed. */
  get version(): string | undefined {
    return this.#version;
  }

  get hasListed(): boolean {
    return this.#hasListed;
  }

  forgetVersion(): void {
    this.#version = undefined;
  }

  replace({ items, resourceVersion }: KubeList): void {
    const gone = new Map(this.#known);
    const changed = items.filter((object) => {
      gone.delete(keyOf(object));
      return this.#remember(object);
    });
    for (const key of gone.keys()) this.#known.delete(key);
    this.#version = resourceVersion;
    this.#hasListed = true;
    const deleted = [...gone].sort(([a], [b]) => compareText(a, b)).map(([, { name }]) => name);
    this.#tell({ type: "replaced", objects: items, changed, deleted });
  }

  take({ type, object }: WatchEvent): void {
    const key = keyOf(object);
    const { resourceVersion } = object.metadata;
    if (type === "DELETED") {
      const known = this.#known.get(key);
      this.#known.delete(key);
      if (known !== undefined) this.#tell({ type: "delete", name: known.name });
    } else if (type !== "BOOKMARK" && this.#remember(object)) this.#tell({ type: "upsert", object });
    // Only now: what a callback throws at is told again.
    if (resourceVersion !== undefined) this.#version = resourceVersion;
  }

  /** Whether that is another state than the one that was known. */
  #remember(object: KubeObject): boolean {
    const { namespace = "", name = "", uid = "", resourceVersion = "" } = object.metadata;
    const key = keyOf(object);
    const state = `${uid} ${resourceVersion}`;
    if (this.#known.get(key)?.state === state) return false;
    this.#known.set(key, { name: { namespace, name }, state });
    return true;
  }
}

function keyOf({ metadata: { namespace = "", name = "" } }: KubeObject): string {
  return `${namespace}/${name}`;
}
