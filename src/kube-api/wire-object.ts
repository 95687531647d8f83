import { hash } from "node:crypto";
import { isMap } from "#lib/schema-rules.ts";
import { refKey } from "#resources/ref.ts";
import { httpProxyStatus, validCondition } from "#resources/httpproxy-status.ts";
import { ingressRouteStatus } from "#resources/ingressroute-status.ts";
import { problemLine, PROBLEMS_ANNOTATION } from "#resources/problems-annotation.ts";
import type { Resource } from "#resources/resource.ts";
import { apiVersionOf, kubeResource } from "./kube-resource.ts";
import type { ServedObject } from "./served-object.ts";

/** An object in Kubernetes' own JSON. */
export interface WireObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: WireMetadata;
  readonly [field: string]: unknown;
}

export interface WireMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What Binnacle says about an object, for those who look at it with kubectl. */
export const STATUS_ANNOTATION = "binnacle.dev/status";
export const IN_USE_ANNOTATION = "binnacle.dev/in-use";
export const ORIGIN_ANNOTATION = "binnacle.dev/origin";
export const WITHHELD_ANNOTATION = "binnacle.dev/values-withheld";

/** Annotations that repeat a whole object, secrets included. */
const WHOLE_OBJECT_ANNOTATIONS: ReadonlySet<string> = new Set(["kubectl.kubernetes.io/last-applied-configuration"]);

/**
 * An object as Kubernetes' API would answer it: without what its schema filled in as empty, with the status that Binnacle
 * gives it, and a Secret's values as empty texts: its keys are shown, its values never leave.
 */
export function wireObject(served: ServedObject): WireObject {
  const { ref, object } = served;
  const apiVersion = apiVersionOf(kubeResource(ref.kind));
  const { metadata: _metadata, ...rest } = object ?? { metadata: undefined };
  return {
    ...withoutEmpty({ ...rest, ...secretsWithheld(object) }),
    apiVersion,
    kind: ref.kind,
    metadata: wireMetadata(served),
    ...statusOf(served),
  };
}

/** The metadata alone, as tables and metadata clients ask for it. */
export function wireMetadata(served: ServedObject): WireMetadata {
  const { ref, object, version } = served;
  const { labels = {}, creationTimestamp, generation } = object?.metadata ?? {};
  return {
    name: ref.name,
    ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
    uid: uidOf(served),
    resourceVersion: String(version),
    ...(generation === undefined ? {} : { generation }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp: wholeSeconds(creationTimestamp) }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    annotations: annotationsOf(served),
  };
}

/** `Valid`, `Warning`, `Error`: the worst of what is said about it. */
export function statusWord({ problems, inUse }: ServedObject): "Valid" | "Warning" | "Error" {
  if (inUse !== "current" || problems.some(({ severity }) => severity === "error")) return "Error";
  return problems.length > 0 ? "Warning" : "Valid";
}

/** A line for each problem. */
export function problemLines({ problems }: ServedObject): readonly string[] {
  return problems.map(problemLine);
}

function annotationsOf(served: ServedObject): Readonly<Record<string, string>> {
  const { object, inUse, origin } = served;
  const own = Object.entries(object?.metadata.annotations ?? {}).filter(
    ([name]) => !WHOLE_OBJECT_ANNOTATIONS.has(name),
  );
  const withheld = object?.kind === "Secret" && Object.keys(object.data).length > 0;
  return {
    ...Object.fromEntries(own),
    [STATUS_ANNOTATION]: statusWord(served),
    ...(served.problems.length === 0 ? {} : { [PROBLEMS_ANNOTATION]: problemLines(served).join("\n") }),
    ...(inUse === "current" ? {} : { [IN_USE_ANNOTATION]: inUse }),
    ...(origin === "" ? {} : { [ORIGIN_ANNOTATION]: origin }),
    ...(withheld ? { [WITHHELD_ANNOTATION]: "the keys are shown, their values never leave Binnacle" } : {}),
  };
}

function statusOf({ ref, object, problems, addresses }: ServedObject): { readonly status?: unknown } {
  if (ref.kind === "HTTPProxy") return { status: httpProxyStatus(problems, object?.metadata.generation) };
  if (ref.kind === "ExtensionService") {
    return { status: { conditions: [validCondition(ref.kind, problems, object?.metadata.generation)] } };
  }
  if (ref.kind === "IngressRoute") return { status: ingressRouteStatus(problems) };
  if (ref.kind === "Ingress") return { status: { loadBalancer: addresses.length === 0 ? {} : { ingress: addresses } } };
  if (ref.kind === "Namespace") return { status: { phase: "Active" } };
  return ref.kind === "Service" ? { status: { loadBalancer: {} } } : {};
}

function secretsWithheld(object: Resource | undefined): { readonly data?: unknown } {
  if (object?.kind !== "Secret") return {};
  return { data: Object.fromEntries(Object.keys(object.data).map((key) => [key, ""])) };
}

/** The API server gives an object that is made anew under an old name another identity; its age tells them apart here. */
function uidOf({ ref, object }: ServedObject): string {
  const { uid, creationTimestamp = "" } = object?.metadata ?? {};
  if (uid !== undefined) return uid;
  const digits = hash("sha256", `${refKey(ref)} ${creationTimestamp}`, "hex");
  // RFC 9562 §5.8: version 8, made by a rule of one's own.
  const [a, b, c, d, e] = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(13, 16),
    digits.slice(17, 20),
    digits.slice(20, 32),
  ];
  return `${a}-${b}-8${c}-8${d}-${e}`;
}

/** metav1.Time has no fractions. */
function wholeSeconds(timestamp: string): string {
  return `${new Date(timestamp).toISOString().slice(0, 19)}Z`;
}

/** Fields that our schemas fill in as empty and an API server leaves out. */
const ABSENT_AS_EMPTY_TEXT: ReadonlySet<string> = new Set(["namespace", "host", "path", "name"]);
/** Maps of texts: an empty one is absent, and nothing in one is. */
const TEXT_MAPS: ReadonlySet<string> = new Set(["labels", "annotations", "selector", "data"]);

function withoutEmpty(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || (value === "" && ABSENT_AS_EMPTY_TEXT.has(name))) continue;
    if (Array.isArray(value)) {
      if (value.length > 0) kept[name] = value.map((item: unknown) => (isMap(item) ? withoutEmpty(item) : item));
    } else if (!isMap(value)) kept[name] = value;
    else if (!TEXT_MAPS.has(name)) kept[name] = withoutEmpty(value);
    else if (Object.keys(value).length > 0) kept[name] = value;
  }
  return kept;
}
