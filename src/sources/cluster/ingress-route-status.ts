import type { KubeObject } from "#kubernetes/resource-type.ts";
import { INGRESS_ROUTES } from "#kubernetes/resource-types.ts";
import { ingressRouteStatus } from "#resources/ingressroute-status.ts";
import { hasWritten, LoadBalancerStatus, mapOf } from "./load-balancer-status.ts";
import type { SeenStatus, StatusForm, WantedStatus } from "./status-form.ts";

/** An IngressRoute has a status of its own, in two words of Contour's. */
export const INGRESS_ROUTE_STATUS: StatusForm = {
  type: INGRESS_ROUTES,
  see: (object) => new SeenIngressRoute(object),
};

class SeenIngressRoute implements SeenStatus {
  readonly #currentStatus: unknown;
  readonly #description: unknown;
  readonly #loadBalancer: LoadBalancerStatus;
  readonly #isOurs: boolean;

  constructor(object: KubeObject) {
    const { currentStatus, description } = mapOf(object["status"]);
    this.#currentStatus = currentStatus;
    this.#description = description;
    this.#loadBalancer = new LoadBalancerStatus(object);
    this.#isOurs = hasWritten(object, "f:currentStatus");
  }

  patch(wanted: WantedStatus | undefined): { readonly status: object } | undefined {
    const status = { ...this.#words(wanted), ...this.#loadBalancer.patch(wanted?.addresses ?? []) };
    return Object.keys(status).length === 0 ? undefined : { status };
  }

  #words(wanted: WantedStatus | undefined): object {
    if (wanted === undefined) return this.#isOurs ? { currentStatus: null, description: null } : {};
    const { currentStatus, description } = ingressRouteStatus(wanted.problems);
    return currentStatus === this.#currentStatus && description === this.#description
      ? {}
      : { currentStatus, description };
  }
}
