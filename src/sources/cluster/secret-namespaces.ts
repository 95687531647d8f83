import { MultiMap } from "#lib/multi-map.ts";
import { refKey, type RefKey } from "#resources/ref.ts";
import type { SourceChange } from "#store/changes.ts";

/** The namespaces in which an object refers to a Secret: of the others no Secret is read. */
export class SecretNamespaces {
  readonly #ingresses = new MultiMap<string, RefKey>();

  /** A refused Ingress goes on in its last good form, and so does what it refers to. */
  note(change: SourceChange): void {
    if (change.type === "refuse") return;
    if (change.type === "delete") {
      if (change.ref.kind === "Ingress") this.#ingresses.delete(change.ref.namespace, refKey(change.ref));
      return;
    }
    const { object } = change;
    if (object.kind !== "Ingress") return;
    const { namespace, name } = object.metadata;
    const key = refKey({ kind: "Ingress", namespace, name });
    const refers = object.spec.tls.some(({ secretName }) => secretName !== undefined);
    if (refers) this.#ingresses.add(namespace, key);
    else this.#ingresses.delete(namespace, key);
  }

  has(namespace: string): boolean {
    return this.#ingresses.get(namespace).length > 0;
  }
}
