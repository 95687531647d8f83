import type { KubeObject } from "#kubernetes/resource-type.ts";
import { HTTP_PROXIES } from "#kubernetes/resource-types.ts";
import { canonicalJson } from "#lib/canonical.ts";
import { isMap } from "#lib/schema-rules.ts";
import { httpProxyStatus } from "#resources/httpproxy-status.ts";
import { hasWritten, LoadBalancerStatus, mapOf } from "./load-balancer-status.ts";
import type { SeenStatus, StatusForm, WantedStatus } from "./status-form.ts";

/** An HTTPProxy has a status of its own: Contour's words and its condition `Valid`, which say all that there is to say. */
export const HTTP_PROXY_STATUS: StatusForm = {
  type: HTTP_PROXIES,
  see: (object) => new SeenProxy(object),
};

class SeenProxy implements SeenStatus {
  readonly #generation: number | undefined;
  /** What of it is ours to write, canonical JSON without times. */
  readonly #said: string;
  readonly #valid: Readonly<Record<string, unknown>> | undefined;
  /** Conditions of somebody else's. */
  readonly #others: readonly unknown[];
  readonly #loadBalancer: LoadBalancerStatus;
  readonly #isOurs: boolean;

  constructor(object: KubeObject) {
    const { currentStatus, description, conditions } = mapOf(object["status"]);
    const all: readonly unknown[] = Array.isArray(conditions) ? conditions : [];
    this.#valid = all.filter(isMap).find(isValid);
    this.#others = all.filter((condition) => !isMap(condition) || !isValid(condition));
    this.#generation = object.metadata.generation;
    this.#said = said(currentStatus, description, this.#valid);
    this.#loadBalancer = new LoadBalancerStatus(object);
    this.#isOurs = hasWritten(object, "f:currentStatus");
  }

  patch(wanted: WantedStatus | undefined, now: number): { readonly status: object } | undefined {
    const status = { ...this.#words(wanted, now), ...this.#loadBalancer.patch(wanted?.addresses ?? []) };
    return Object.keys(status).length === 0 ? undefined : { status };
  }

  #words(wanted: WantedStatus | undefined, now: number): object {
    if (wanted === undefined) {
      return this.#isOurs ? { currentStatus: null, description: null, conditions: this.#others } : {};
    }
    const { currentStatus, description, conditions } = httpProxyStatus(wanted.problems, this.#generation);
    const [valid] = conditions;
    if (said(currentStatus, description, valid) === this.#said) return {};
    // The time of a condition is that of its last change of status, not of its last words (metav1.Condition).
    const known = this.#valid?.["status"] === valid.status ? this.#valid["lastTransitionTime"] : undefined;
    const lastTransitionTime = typeof known === "string" ? known : `${new Date(now).toISOString().slice(0, 19)}Z`;
    return { currentStatus, description, conditions: [...this.#others, { ...valid, lastTransitionTime }] };
  }
}

function isValid(condition: Readonly<Record<string, unknown>>): boolean {
  return condition["type"] === "Valid";
}

function said(currentStatus: unknown, description: unknown, condition: object | undefined): string {
  return canonicalJson([currentStatus, description, { ...condition, lastTransitionTime: undefined }]);
}
