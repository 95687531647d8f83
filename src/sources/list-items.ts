import { isMap } from "#lib/schema-rules.ts";

/** The items of `kind: List` and of typed lists such as IngressList, whose items may leave their own kind out. */
export function listItems(document: unknown): readonly unknown[] | undefined {
  if (!isMap(document) || !Array.isArray(document["items"])) return undefined;
  const { apiVersion, kind, items } = document;
  if (typeof kind !== "string" || !kind.endsWith("List")) return undefined;
  const standard = kind === "List" ? {} : { apiVersion, kind: kind.slice(0, -"List".length) };
  return items.map((item: unknown) => (isMap(item) ? { ...standard, ...item } : item));
}
