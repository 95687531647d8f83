import type { NamespaceScope } from "./filter.ts";
import type { Marker } from "./messages.ts";

/** How many are kept: a quarter of an hour of a busy appliance. */
const MOST = 500;

/** What happened beside the traffic, oldest first. */
export class Markers {
  #markers: readonly Marker[] = [];
  #last = 0;

  add(marker: Omit<Marker, "id">): Marker {
    const added = { ...marker, id: ++this.#last };
    this.#markers = [...this.#markers, added].slice(-MOST);
    return added;
  }

  seenBy(scope: NamespaceScope): readonly Marker[] {
    return this.#markers.filter((marker) => isSeenBy(marker, scope));
  }
}

/** What concerns no team's object concerns everybody. */
export function isSeenBy({ object }: Marker, scope: NamespaceScope): boolean {
  if (scope === "all" || object === undefined) return true;
  if (object.kind === "Namespace") return scope.has(object.name);
  return object.namespace === "" || scope.has(object.namespace);
}
