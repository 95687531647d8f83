import type { ObjectRef } from "#resources/ref.ts";

/** The namespaces whose objects, traffic and alerts somebody may see. */
export type NamespaceScope = "all" | ReadonlySet<string>;

/** `viewer` sees; `operator` also silences, pins and confirms; `admin` may do everything. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. Every answer of the API is cut to what its principal may see. */
export interface Principal {
  /** Shown to others: the author of a silence or a pin. */
  readonly name: string;
  readonly namespaces: NamespaceScope;
  /** Where they may also do what an operator does; no more than they may see. */
  readonly operates: NamespaceScope;
  /** Whether the appliance itself is theirs, and with it every namespace. */
  readonly admin: boolean;
}

/** What a role means in some namespaces; an admin's are all. */
export function principalOfRole(name: string, role: Role, namespaces: NamespaceScope): Principal {
  if (role === "admin") return { name, namespaces: "all", operates: "all", admin: true };
  return { name, namespaces, operates: role === "operator" ? namespaces : new Set(), admin: false };
}

/** The highest role that they have anywhere. */
export function roleOf({ admin, operates }: Principal): Role {
  if (admin) return "admin";
  return operates === "all" || operates.size > 0 ? "operator" : "viewer";
}

export function mayReadNamespace(principal: Principal, namespace: string): boolean {
  return principal.namespaces === "all" || principal.namespaces.has(namespace);
}

export function mayOperateNamespace(principal: Principal, namespace: string): boolean {
  return principal.operates === "all" || principal.operates.has(namespace);
}

/** A Namespace belongs to itself; other kinds without a namespace (IngressClass) hold no team's data. */
export function mayReadObject(principal: Principal, ref: ObjectRef): boolean {
  if (ref.kind === "Namespace") return mayReadNamespace(principal, ref.name);
  return ref.namespace === "" || mayReadNamespace(principal, ref.namespace);
}

/** Whether they may do exactly the same, under the same name. */
export function isSamePrincipal(a: Principal, b: Principal): boolean {
  return (
    a.name === b.name &&
    a.admin === b.admin &&
    isSameScope(a.namespaces, b.namespaces) &&
    isSameScope(a.operates, b.operates)
  );
}

function isSameScope(a: NamespaceScope, b: NamespaceScope): boolean {
  if (a === "all" || b === "all") return a === b;
  return a.size === b.size && a.isSubsetOf(b);
}

/** A scope as an answer or a file has it: sorted. */
export function namesOfScope(scope: NamespaceScope): "all" | readonly string[] {
  return scope === "all" ? scope : [...scope].sort();
}

export function scopeOfNames(names: "all" | readonly string[]): NamespaceScope {
  return names === "all" ? names : new Set(names);
}
