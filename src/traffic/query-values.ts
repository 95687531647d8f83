/**
 * A path whose query keeps its names and loses its values: `/search?q=…&page=…`. A part without `=` may be a value itself
 * (`?secret`), so it is lost whole.
 */
export function withoutQueryValues(path: string): string {
  const at = path.indexOf("?");
  if (at === -1) return path;
  const query = path
    .slice(at + 1)
    .split("&")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals === -1 ? (part === "" ? "" : "…") : `${part.slice(0, equals)}=…`;
    });
  return `${path.slice(0, at)}?${query.join("&")}`;
}
