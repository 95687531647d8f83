import type { Kind } from "#resources/ref.ts";
import { fieldSelector } from "./field-selector.ts";
import { KubeFailure } from "./kube-status.ts";
import { labelSelector } from "./label-selector.ts";
import type { ServedObject } from "./served-object.ts";
import { INCLUDE_OBJECT, type IncludeObject } from "./table.ts";

/** The parameters of a list or watch (Kubernetes: `ListOptions`). */
export interface KubeQuery {
  readonly matches: (served: ServedObject) => boolean;
  readonly watch: boolean;
  /** Undefined: none was given; 0: any. */
  readonly resourceVersion: number | undefined;
  /** That version and no newer one. */
  readonly isExact: boolean;
  /** Objects of one answer; undefined: all. */
  readonly limit: number | undefined;
  readonly continueToken: string | undefined;
  /** Milliseconds after which a watch ends; undefined: when we like. */
  readonly timeout: number | undefined;
  readonly bookmarks: boolean;
  /** A watch begins with what there is, and a bookmark says where that ends. */
  readonly sendInitialEvents: boolean;
  readonly includeObject: IncludeObject;
  /** Names the selectors: a list goes on only with those that it began with. */
  readonly selectors: string;
}

/** Throws KubeFailure BadRequest for a parameter that cannot be understood. */
export function kubeQuery(query: URLSearchParams, kind: Kind): KubeQuery {
  const labels = query.get("labelSelector") ?? "";
  const fields = query.get("fieldSelector") ?? "";
  const byLabels = labelSelector(labels);
  const byFields = fieldSelector(fields, kind);
  const include = query.get("includeObject") ?? "Metadata";
  const includeObject = INCLUDE_OBJECT.find((known) => known === include);
  if (includeObject === undefined) {
    throw new KubeFailure("BadRequest", `includeObject: expected ${INCLUDE_OBJECT.join(", ")}`);
  }
  const match = query.get("resourceVersionMatch") ?? "";
  if (!["", "Exact", "NotOlderThan"].includes(match)) {
    throw new KubeFailure("BadRequest", "resourceVersionMatch: expected Exact or NotOlderThan");
  }
  const resourceVersion = wholeNumber(query, "resourceVersion");
  if (match === "Exact" && (resourceVersion ?? 0) === 0) {
    throw new KubeFailure("BadRequest", "resourceVersionMatch: Exact needs a resourceVersion that is not 0");
  }
  const limit = wholeNumber(query, "limit");
  const seconds = wholeNumber(query, "timeoutSeconds");
  return {
    matches: (served) => byLabels(served.object?.metadata.labels ?? {}) && byFields(served),
    watch: isTrue(query, "watch"),
    resourceVersion,
    isExact: match === "Exact",
    limit: limit === 0 ? undefined : limit,
    continueToken: query.get("continue") || undefined,
    timeout: seconds === undefined || seconds === 0 ? undefined : seconds * 1000,
    bookmarks: isTrue(query, "allowWatchBookmarks"),
    sendInitialEvents: isTrue(query, "sendInitialEvents"),
    includeObject,
    selectors: JSON.stringify([labels, fields]),
  };
}

/** Go's `strconv.ParseBool`, by which API servers read it; a bare `?watch` is true, too. */
function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null) return false;
  if (["", "1", "t", "T", "true", "True", "TRUE"].includes(value)) return true;
  if (["0", "f", "F", "false", "False", "FALSE"].includes(value)) return false;
  throw new KubeFailure("BadRequest", `${name}: found ${JSON.stringify(value)}, expected true or false`);
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (/^\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw new KubeFailure("BadRequest", `${name}: found ${JSON.stringify(value)}, expected a whole number`);
}
