/** Annotations that repeat a whole object, secrets included. */
const WHOLE_OBJECT_ANNOTATIONS = ["kubectl.kubernetes.io/last-applied-configuration"];

/** A copy of an object that may be shown: a Secret's values become their sizes, copies of the object go. */
export function redactObject(object: unknown): unknown {
  if (!isRecord(object)) return object;
  const shown: Record<string, unknown> = { ...object };
  if (shown["kind"] === "Secret") {
    for (const field of ["data", "stringData"]) {
      if (isRecord(shown[field])) shown[field] = sizes(shown[field], field === "data");
    }
  }
  if (isRecord(shown["metadata"]) && isRecord(shown["metadata"]["annotations"])) {
    const annotations = { ...shown["metadata"]["annotations"] };
    for (const name of WHOLE_OBJECT_ANNOTATIONS) delete annotations[name];
    shown["metadata"] = { ...shown["metadata"], annotations };
  }
  return shown;
}

function sizes(values: Record<string, unknown>, isBase64: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const text = typeof value === "string" ? value : "";
      return [key, `(${Buffer.byteLength(text, isBase64 ? "base64" : "utf8")} bytes)`];
    }),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
