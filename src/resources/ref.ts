import { compareText } from "#lib/compare.ts";

/** The names of the object kinds that Binnacle reads. */
export const KINDS = [
  "Namespace",
  "Service",
  "EndpointSlice",
  "Endpoints",
  "Secret",
  "IngressClass",
  "Ingress",
  "HTTPProxy",
  "TLSCertificateDelegation",
  "ExtensionService",
  "IngressRoute",
] as const;
export type Kind = (typeof KINDS)[number];

/** An object's identity. `namespace` is empty for kinds that have none (Namespace, IngressClass). */
export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** The reference as one string: no part may hold a `/`, so two references never share a key. */
export type RefKey = string & { readonly __refKey: never };

export function refKey(ref: ObjectRef): RefKey {
  return `${ref.kind}/${ref.namespace}/${ref.name}` as RefKey;
}

export function parseRefKey(key: RefKey): ObjectRef {
  const [kind, namespace, name] = key.split("/") as [Kind, string, string];
  return { kind, namespace, name };
}

/** As a person writes it: `Ingress team-shop/shop`, `Namespace team-shop`. */
export function formatRef(ref: ObjectRef): string {
  return ref.namespace === "" ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`;
}

export function compareRefs(a: ObjectRef, b: ObjectRef): number {
  return compareText(a.kind, b.kind) || compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}
