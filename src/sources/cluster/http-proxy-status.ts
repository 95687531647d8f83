import type { KubeObject } from "#kubernetes/resource-type.ts";
import { HTTP_PROXIES } from "#kubernetes/resource-types.ts";
import { httpProxyStatus } from "#resources/httpproxy-status.ts";
import { hasWritten, LoadBalancerStatus, mapOf } from "./load-balancer-status.ts";
import { SeenValid } from "./seen-valid.ts";
import type { SeenStatus, StatusForm, WantedStatus } from "./status-form.ts";

/** An HTTPProxy has a status of its own: Contour's words and its condition `Valid`, which say all that there is to say. */
export const HTTP_PROXY_STATUS: StatusForm = {
  type: HTTP_PROXIES,
  see: (object) => new SeenProxy(object),
};

class SeenProxy implements SeenStatus {
  readonly #generation: number | undefined;
  readonly #currentStatus: unknown;
  readonly #description: unknown;
  readonly #conditions: SeenValid;
  readonly #loadBalancer: LoadBalancerStatus;
  readonly #isOurs: boolean;

  constructor(object: KubeObject) {
    const { currentStatus, description } = mapOf(object["status"]);
    this.#currentStatus = currentStatus;
    this.#description = description;
    this.#conditions = new SeenValid(object);
    this.#generation = object.metadata.generation;
    this.#loadBalancer = new LoadBalancerStatus(object);
    this.#isOurs = hasWritten(object, "f:currentStatus");
  }

  patch(wanted: WantedStatus | undefined, now: number): { readonly status: object } | undefined {
    const status = { ...this.#words(wanted, now), ...this.#loadBalancer.patch(wanted?.addresses ?? []) };
    return Object.keys(status).length === 0 ? undefined : { status };
  }

  #words(wanted: WantedStatus | undefined, now: number): object {
    if (wanted === undefined) {
      return this.#isOurs ? { currentStatus: null, description: null, conditions: this.#conditions.others } : {};
    }
    const { currentStatus, description, conditions } = httpProxyStatus(wanted.problems, this.#generation);
    const [valid] = conditions;
    const isSame = currentStatus === this.#currentStatus && description === this.#description;
    if (isSame && this.#conditions.says(valid)) return {};
    return { currentStatus, description, conditions: this.#conditions.with(valid, now) };
  }
}
