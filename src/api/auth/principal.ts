import type { ObjectRef } from "#resources/ref.ts";

/** The namespaces whose objects, traffic and alerts somebody may see. */
export type NamespaceScope = "all" | ReadonlySet<string>;

/** Who asks. Every answer of the API is cut to what its principal may see. */
export interface Principal {
  /** Shown to others: the author of a silence or a pin. */
  readonly name: string;
  readonly namespaces: NamespaceScope;
}

export function mayReadNamespace(principal: Principal, namespace: string): boolean {
  return principal.namespaces === "all" || principal.namespaces.has(namespace);
}

/** A Namespace belongs to itself; other kinds without a namespace (IngressClass) hold no team's data. */
export function mayReadObject(principal: Principal, ref: ObjectRef): boolean {
  if (ref.kind === "Namespace") return mayReadNamespace(principal, ref.name);
  return ref.namespace === "" || mayReadNamespace(principal, ref.namespace);
}
