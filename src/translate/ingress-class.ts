import type { Ingress } from "#resources/ingress.ts";
import { DEFAULT_INGRESS_CLASSES } from "./indexes.ts";
import type { Reader } from "./unit.ts";

/** `spec.controller` of the IngressClasses that are ours. */
export const INGRESS_CONTROLLER = "binnacle.dev/ingress-controller";

/** In the order in which they count; all of them before spec.ingressClassName, as in Contour. */
const CLASS_ANNOTATIONS = ["projectcontour.io/ingress.class", "kubernetes.io/ingress.class"];

/** What of an Ingress says which class it has. */
export interface ClassedIngress {
  readonly metadata: Pick<Ingress["metadata"], "annotations">;
  readonly spec: Pick<Ingress["spec"], "ingressClassName">;
}

/**
 * Whether an Ingress or an HTTPProxy is for us: its class has our name or our controller, or it has none and the default is
 * ours (Kubernetes: "Default IngressClass").
 */
export function isOurs(
  ingress: ClassedIngress,
  settings: { readonly ingressClass: string; readonly claimUnclassed: boolean },
  read: Reader,
): boolean {
  for (const annotation of CLASS_ANNOTATIONS) {
    const named = ingress.metadata.annotations[annotation];
    if (named !== undefined) return named === settings.ingressClass;
  }
  const name = ingress.spec.ingressClassName;
  if (name !== undefined) {
    const ingressClass = read.get("IngressClass", "", name)?.object;
    return ingressClass === undefined
      ? name === settings.ingressClass
      : ingressClass.spec.controller === INGRESS_CONTROLLER;
  }
  const defaults = read.list(DEFAULT_INGRESS_CLASSES, "").map(({ object }) => object);
  if (defaults.length === 0) return settings.claimUnclassed;
  return defaults.some((object) => object.kind === "IngressClass" && object.spec.controller === INGRESS_CONTROLLER);
}
