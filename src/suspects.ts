import type { ObjectRef } from "#resources/ref.ts";
import type { ResourceName } from "#xds/snapshot.ts";

/**
 * Objects that went back one after the other because of one refused resource. Only the last of them can be known to be the
 * cause, since without it Envoy took the resource: the others get another chance, and a second cause among them is found by
 * the next refusal.
 */
export class Suspects {
  readonly #byResource = new Map<string, { readonly resource: ResourceName; readonly refs: ObjectRef[] }>();

  add({ type, name }: ResourceName, ref: ObjectRef): void {
    const key = `${type} ${name}`;
    const found = this.#byResource.get(key);
    if (found === undefined) this.#byResource.set(key, { resource: { type, name }, refs: [ref] });
    else found.refs.push(ref);
  }

  /** Takes out those of the resources that are settled. Returns the objects that are cleared. */
  clear(isSettled: (resource: ResourceName) => boolean): readonly ObjectRef[] {
    return [...this.#byResource].flatMap(([key, { resource, refs }]) => {
      if (!isSettled(resource)) return [];
      this.#byResource.delete(key);
      return refs.slice(0, -1);
    });
  }
}
