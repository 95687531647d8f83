import type { KubeQuery } from "#kube-api/kube-query.ts";
import { kubeStatus } from "#kube-api/kube-status.ts";
import type { ServedObject } from "#kube-api/served-object.ts";
import { watchEvent, type WatchEvent } from "#kube-api/watch-event.ts";
import type { Kind } from "#resources/ref.ts";
import type { KubeView } from "./ports/kube.ts";

export interface WatchedObjects {
  readonly kind: Kind;
  readonly query: Pick<KubeQuery, "resourceVersion" | "bookmarks" | "sendInitialEvents">;
  /** Asked for, and allowed to the caller. */
  readonly isShown: (served: ServedObject) => boolean;
}

/**
 * What a watch is to be told: first what there is, where it begins so, then what changes. It is taken event by event, so that
 * nothing is made for a reader that has not taken what was before; meanwhile it is known only where the reader stands.
 */
export class WatchEvents {
  readonly #kube: KubeView;
  readonly #watched: WatchedObjects;
  /** Of what there was at the beginning; undefined when all of it is told. */
  #first: Iterator<ServedObject> | undefined;
  #seen: number;

  constructor(kube: KubeView, watched: WatchedObjects) {
    this.#kube = kube;
    this.#watched = watched;
    const { kind, query } = watched;
    const { resourceVersion = 0 } = query;
    const fromStart = query.sendInitialEvents || resourceVersion === 0;
    this.#seen = fromStart ? kube.version() : resourceVersion;
    this.#first = fromStart ? kube.list(kind).values() : undefined;
  }

  /** Gives `tell` one event after the other until there is none, or it says that it takes no more. An ERROR is the last. */
  take(tell: (event: WatchEvent) => boolean): void {
    if (this.#first !== undefined && !this.#takeFirst(this.#first, tell)) return;
    const changes = this.#kube.since(this.#seen);
    if (changes === undefined) {
      const words = `too old resource version: ${this.#seen} (${this.#kube.version()})`;
      tell({ type: "ERROR", status: kubeStatus("Expired", words) });
      return;
    }
    for (const change of changes) {
      this.#seen = change.version;
      const event = watchEvent(change, this.#watched.isShown);
      if (event !== undefined && !tell(event)) return;
    }
  }

  /** Up to where all is told; undefined before what there was at the beginning is. */
  bookmark(): WatchEvent | undefined {
    if (!this.#watched.query.bookmarks || this.#first !== undefined) return undefined;
    return { type: "BOOKMARK", version: this.#seen, initialEventsEnd: false };
  }

  /** Returns whether more may be told. */
  #takeFirst(first: Iterator<ServedObject>, tell: (event: WatchEvent) => boolean): boolean {
    for (let next = first.next(); next.done !== true; next = first.next()) {
      if (this.#watched.isShown(next.value) && !tell({ type: "ADDED", object: next.value })) return false;
    }
    this.#first = undefined;
    const { sendInitialEvents, bookmarks } = this.#watched.query;
    if (!sendInitialEvents || !bookmarks) return true;
    return tell({ type: "BOOKMARK", version: this.#seen, initialEventsEnd: true });
  }
}
