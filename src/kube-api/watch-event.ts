import type { KubeStatus } from "./kube-status.ts";
import type { ServedChange, ServedObject } from "./served-object.ts";

/** One event of a watch; an ERROR ends it. */
export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: ServedObject }
  | { readonly type: "BOOKMARK"; readonly version: number; readonly initialEventsEnd: boolean }
  | { readonly type: "ERROR"; readonly status: KubeStatus };

/**
 * What a change is to somebody who sees only what `matches`: an object that comes to match is added, one that does so no
 * more is deleted, whatever happened to the object itself. A deleted object is shown as it was, under the change's version.
 */
export function watchEvent(
  { before, after, version }: ServedChange,
  matches: (served: ServedObject) => boolean,
): WatchEvent | undefined {
  const seen = before !== undefined && matches(before);
  const visible = after !== undefined && matches(after);
  if (visible) return { type: seen ? "MODIFIED" : "ADDED", object: after };
  return seen ? { type: "DELETED", object: { ...before, version } } : undefined;
}
