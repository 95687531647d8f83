/**
 * The path of a field as Kubernetes writes it: `spec.rules[0].http.paths[1].pathType`, and a key that is no plain word in
 * brackets: `metadata.annotations[binnacle.dev/ssl-redirect]`.
 */
export function formatPath(segments: readonly PropertyKey[]): string {
  let path = "";
  for (const segment of segments) {
    if (typeof segment === "number") path += `[${segment}]`;
    else if (typeof segment === "string" && PLAIN_WORD.test(segment)) path += path === "" ? segment : `.${segment}`;
    else path += `[${String(segment)}]`;
  }
  return path;
}

/** The path one level up: `spec.rules[0].host` → `spec.rules[0]`. */
export function parentPath(path: string): string {
  return path.replace(LAST_SEGMENT, "");
}

const PLAIN_WORD = /^[A-Za-z_$][-\w$]*$/;
const LAST_SEGMENT = /(\[[^\]]*\]|\.?[^.[\]]+)$/;
