import type { KubeObject } from "#kubernetes/resource-type.ts";
import { canonicalJson } from "#lib/canonical.ts";
import { isMap } from "#lib/schema-rules.ts";
import type { StatusAddress } from "./status-form.ts";

/** As the API server names who wrote a field: what our user agent begins with. */
const MANAGER = "binnacle";

/** `status.loadBalancer`, which Ingresses and proxies have in common. */
export class LoadBalancerStatus {
  /** Canonical JSON. */
  readonly #addresses: string;
  readonly #isOurs: boolean;

  constructor(object: KubeObject) {
    const { ingress } = mapOf(mapOf(object["status"])["loadBalancer"]);
    this.#addresses = canonicalJson(ingress ?? []);
    this.#isOurs = hasWritten(object, "f:loadBalancer");
  }

  /** What of the status has to change. Without addresses of our own those that somebody else wrote stay. */
  patch(wanted: readonly StatusAddress[]): { readonly loadBalancer?: object } {
    if (wanted.length === 0 && !this.#isOurs) return {};
    if (canonicalJson(wanted) === this.#addresses) return {};
    return { loadBalancer: { ingress: wanted.length === 0 ? null : wanted } };
  }
}

/** Whether it was us who wrote a field of the status: the API server keeps who did (metadata.managedFields). */
export function hasWritten({ metadata }: KubeObject, field: string): boolean {
  const { managedFields } = metadata;
  if (!Array.isArray(managedFields)) return false;
  return managedFields.some((entry: unknown) => {
    const { manager, subresource, fieldsV1 } = mapOf(entry);
    // Where there is no sub-resource it is a field like others.
    const isStatus = subresource === "status" || subresource === undefined;
    return manager === MANAGER && isStatus && mapOf(mapOf(fieldsV1)["f:status"])[field] !== undefined;
  });
}

export function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {};
}
