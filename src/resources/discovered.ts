/** Labels and annotations by which a discovered object is known: what discovery writes, and others read. */

/** Gimbal's own, so that its users' selectors go on working. Values are shortened to 63 characters. */
export const BACKEND_LABEL = "gimbal.projectcontour.io/backend";
export const SERVICE_LABEL = "gimbal.projectcontour.io/service";

export const LOAD_BALANCER_ID_LABEL = "gimbal.projectcontour.io/load-balancer-id";
export const LOAD_BALANCER_NAME_LABEL = "gimbal.projectcontour.io/load-balancer-name";

/** Where it stands upstream, in full: the platform's part of it and its name there, `team-shop/cart`. */
export const UPSTREAM_ANNOTATION = "binnacle.dev/upstream";
/** On a Service while its backend cannot be reached: since when it is as old as that (RFC 3339). */
export const STALE_ANNOTATION = "binnacle.dev/stale-since";

/** Before 2020 Gimbal's prefix was `gimbal.heptio.com`, and it said `cluster` for `backend`. */
const BACKEND_LABELS: ReadonlySet<string> = new Set([
  BACKEND_LABEL,
  "gimbal.heptio.com/backend",
  "gimbal.heptio.com/cluster",
]);

/** Whether an object was itself discovered, by us or by a Gimbal. */
export function isDiscovered(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some((key) => BACKEND_LABELS.has(key));
}
