import type { ObjectRef } from "#resources/ref.ts";

export function namespace(name: string, labels = "{}"): string {
  return `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: ${labels}}\n`;
}

export function other(kind: string): string {
  return `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: x}\n`;
}

export function namespaceRef(name: string): ObjectRef {
  return { kind: "Namespace", namespace: "", name };
}

export function broken(name: string): string {
  return `${namespace(name)}: [`;
}
