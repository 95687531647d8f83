/**
 * Labels that say what a service is. Not among them: what deployment tools mark their objects by
 * (app.kubernetes.io/instance is Argo CD's, app.kubernetes.io/managed-by and helm.sh/chart are Helm's). With these on it, an
 * object in the home cluster would be taken for one of theirs, and pruned.
 */
const LABELS: ReadonlySet<string> = new Set([
  "app",
  "component",
  "environment",
  "team",
  "tier",
  "version",
  "app.kubernetes.io/component",
  "app.kubernetes.io/name",
  "app.kubernetes.io/part-of",
  "app.kubernetes.io/version",
]);

/** How a service wants to be talked to, which its team knows best: see docs/manifests.md. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  "kubernetes.io/description",
  "projectcontour.io/max-connections",
  "projectcontour.io/max-pending-requests",
  "projectcontour.io/max-requests",
  "projectcontour.io/max-retries",
  "projectcontour.io/per-host-max-connections",
  "projectcontour.io/upstream-protocol.h2",
  "projectcontour.io/upstream-protocol.h2c",
  "projectcontour.io/upstream-protocol.tls",
]);

const OWN_PREFIXES = ["binnacle.dev/", "gimbal.projectcontour.io/", "gimbal.heptio.com/"];
const TRACKING = new Set([
  "app.kubernetes.io/instance",
  "app.kubernetes.io/managed-by",
  "argocd.argoproj.io/instance",
  "argocd.argoproj.io/tracking-id",
  "helm.sh/chart",
  "helm.toolkit.fluxcd.io/name",
  "helm.toolkit.fluxcd.io/namespace",
  "kubectl.kubernetes.io/last-applied-configuration",
  "kustomize.toolkit.fluxcd.io/name",
  "kustomize.toolkit.fluxcd.io/namespace",
  "meta.helm.sh/release-name",
  "meta.helm.sh/release-namespace",
]);
/** What Kubernetes' own controllers set on Services and read from them. */
const KUBERNETES_OWN = new Set([
  "kubernetes.io/service-name",
  "endpointslice.kubernetes.io/managed-by",
  "service.kubernetes.io/service-proxy-name",
]);

/** What a backend takes over besides the built-in lists. */
export interface TakenOver {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
}

/** Why a key is never taken over from upstream, in words; undefined where it may be. */
export function neverTakenOver(key: string): string | undefined {
  if (OWN_PREFIXES.some((prefix) => key.startsWith(prefix))) return "is our own and says something else here";
  if (TRACKING.has(key)) return "marks what a deployment tool owns, and would make it prune the copy";
  return KUBERNETES_OWN.has(key) ? "steers Kubernetes' own controllers" : undefined;
}

/** Of an object's labels those that are taken over, by key. */
export function takenLabels(labels: Readonly<Record<string, string>>, extra: TakenOver): Record<string, string> {
  return pick(labels, LABELS, extra.labels);
}

/** As {@link takenLabels}. */
export function takenAnnotations(
  annotations: Readonly<Record<string, string>>,
  extra: TakenOver,
): Record<string, string> {
  return pick(annotations, ANNOTATIONS, extra.annotations);
}

function pick(
  map: Readonly<Record<string, string>>,
  allowed: ReadonlySet<string>,
  extra: readonly string[],
): Record<string, string> {
  const keys = Object.keys(map).filter(
    (key) => (allowed.has(key) || extra.includes(key)) && neverTakenOver(key) === undefined,
  );
  return Object.fromEntries(keys.sort().map((key) => [key, map[key] ?? ""]));
}
