import type { KubeObject } from "#kubernetes/resource-type.ts";
import { canonicalJson } from "#lib/canonical.ts";
import { isMap } from "#lib/schema-rules.ts";
import type { ValidCondition } from "#resources/httpproxy-status.ts";
import { mapOf } from "./load-balancer-status.ts";

/** `status.conditions` of one of Contour's kinds: the condition `Valid` is ours, the others are somebody else's and stay. */
export class SeenValid {
  readonly others: readonly unknown[];
  readonly #valid: Readonly<Record<string, unknown>> | undefined;

  constructor(object: KubeObject) {
    const { conditions } = mapOf(object["status"]);
    const all: readonly unknown[] = Array.isArray(conditions) ? conditions : [];
    this.#valid = all.filter(isMap).find(isValid);
    this.others = all.filter((condition) => !isMap(condition) || !isValid(condition));
  }

  get isSaid(): boolean {
    return this.#valid !== undefined;
  }

  /** Whether it says this already, be it since when it may. */
  says(wanted: ValidCondition): boolean {
    return withoutTime(wanted) === withoutTime(this.#valid);
  }

  /** All conditions, with this one. Its time is that of its last change of status, not of its last words (metav1.Condition). */
  with(wanted: ValidCondition, now: number): readonly unknown[] {
    const known = this.#valid?.["status"] === wanted.status ? this.#valid["lastTransitionTime"] : undefined;
    const lastTransitionTime = typeof known === "string" ? known : `${new Date(now).toISOString().slice(0, 19)}Z`;
    return [...this.others, { ...wanted, lastTransitionTime }];
  }
}

function isValid(condition: Readonly<Record<string, unknown>>): boolean {
  return condition["type"] === "Valid";
}

function withoutTime(condition: object | undefined): string {
  return canonicalJson({ ...condition, lastTransitionTime: undefined });
}
