import { z } from "zod";
import type { Immutable } from "#lib/immutable.ts";
import { objectMeta } from "./metadata.ts";
import { checkDnsSubdomain } from "./names.ts";

const DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";

/** IngressClass networking.k8s.io/v1. */
export const ingressClassSchema = z.strictObject({
  apiVersion: z.literal("networking.k8s.io/v1"),
  kind: z.literal("IngressClass"),
  metadata: objectMeta(checkDnsSubdomain),
  spec: z.strictObject({
    controller: z.string(),
    parameters: z
      .strictObject({
        apiGroup: z.string().exactOptional(),
        kind: z.string(),
        name: z.string(),
        scope: z.enum(["Cluster", "Namespace"]).default("Cluster"),
        namespace: z.string().exactOptional(),
      })
      .exactOptional(),
  }),
});

export type IngressClass = Immutable<z.output<typeof ingressClassSchema>>;

/** Whether Ingresses that name no class are of this one. */
export function isDefaultClass(ingressClass: IngressClass): boolean {
  return ingressClass.metadata.annotations[DEFAULT_CLASS_ANNOTATION] === "true";
}
