import type { KubeObject } from "#kubernetes/resource-type.ts";
import { EXTENSION_SERVICES } from "#kubernetes/resource-types.ts";
import { validCondition } from "#resources/httpproxy-status.ts";
import { hasWritten } from "./load-balancer-status.ts";
import { SeenValid } from "./seen-valid.ts";
import type { SeenStatus, StatusForm, WantedStatus } from "./status-form.ts";

/** An ExtensionService has Contour's condition `Valid`, and no words or addresses beside it. */
export const EXTENSION_SERVICE_STATUS: StatusForm = {
  type: EXTENSION_SERVICES,
  see: (object) => new SeenExtensionService(object),
};

class SeenExtensionService implements SeenStatus {
  readonly #generation: number | undefined;
  readonly #conditions: SeenValid;
  readonly #isOurs: boolean;

  constructor(object: KubeObject) {
    this.#generation = object.metadata.generation;
    this.#conditions = new SeenValid(object);
    this.#isOurs = hasWritten(object, "f:conditions");
  }

  patch(wanted: WantedStatus | undefined, now: number): { readonly status: object } | undefined {
    if (wanted === undefined) return this.#isOurs ? this.#dropped() : undefined;
    const valid = validCondition("ExtensionService", wanted.problems, this.#generation);
    return this.#conditions.says(valid) ? undefined : { status: { conditions: this.#conditions.with(valid, now) } };
  }

  /** Only ever once: who wrote what stays known, also of an empty list. */
  #dropped(): { readonly status: object } | undefined {
    return this.#conditions.isSaid ? { status: { conditions: this.#conditions.others } } : undefined;
  }
}
