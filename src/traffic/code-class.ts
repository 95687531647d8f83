import type { CodeClass } from "./table-rows.ts";

export const CODE_CLASSES = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx"] as const satisfies readonly CodeClass[];

/** Index in {@link CODE_CLASSES}. A code that HTTP does not know (600 and above) counts as 5xx, as Envoy counts it. */
export function classIndex(code: number): number {
  return Math.min(CODE_CLASSES.length - 1, Math.max(0, Math.floor(code / 100)));
}

export function codeClass(code: number): CodeClass {
  return CODE_CLASSES[classIndex(code)] ?? "0xx";
}

/** A request has failed for whoever looks after the service: 5xx, or no status at all. */
export function isFailedCode(code: number): boolean {
  return code === 0 || code >= 500;
}

/** As {@link isFailedCode}, of an index in {@link CODE_CLASSES}. */
export function isFailedClass(index: number): boolean {
  return index === 0 || index === 5;
}
