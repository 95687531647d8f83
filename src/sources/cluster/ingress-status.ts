import { INGRESSES } from "#kubernetes/resource-types.ts";
import { PROBLEMS_ANNOTATION, problemsText } from "#resources/problems-annotation.ts";
import { LoadBalancerStatus } from "./load-balancer-status.ts";
import type { StatusForm } from "./status-form.ts";

/**
 * An Ingress shows its load balancer's addresses, and its problems in an annotation: its status has no conditions. One patch of
 * the subresource carries both.
 */
export const INGRESS_STATUS: StatusForm = {
  type: INGRESSES,
  see(object) {
    const before = object.metadata.annotations?.[PROBLEMS_ANNOTATION];
    const loadBalancer = new LoadBalancerStatus(object);
    return {
      patch(wanted) {
        const problems = problemsText(wanted?.problems ?? []);
        const status = loadBalancer.patch(wanted?.addresses ?? []);
        const hasStatus = Object.keys(status).length > 0;
        if (problems === before && !hasStatus) return undefined;
        return {
          ...(problems === before ? {} : { metadata: { annotations: { [PROBLEMS_ANNOTATION]: problems ?? null } } }),
          ...(hasStatus ? { status } : {}),
        };
      },
    };
  },
};
