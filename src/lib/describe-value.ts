/** What stands at a field, in words for a message; a long text is cut. Not for secrets: see {@link describeType}. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return value === "" ? "an empty text" : `the text ${quote(value)}`;
  return typeof value === "number" || typeof value === "boolean" ? `${value}` : describeType(value);
}

/** As {@link describeValue}, without the value itself. */
export function describeType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  const type = typeof value;
  return type === "object" ? "a map" : type === "string" ? "a text" : `a ${type}`;
}

/** A text in quotes, cut where it would fill the line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
