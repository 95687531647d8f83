import type { KubeObject } from "#kubernetes/resource-type.ts";
import { INGRESSES } from "#kubernetes/resource-types.ts";
import { canonicalJson } from "#lib/canonical.ts";
import { isMap } from "#lib/schema-rules.ts";
import { PROBLEMS_ANNOTATION, problemsText } from "#resources/problems-annotation.ts";
import type { StatusForm } from "./status-form.ts";

export interface SeenIngress {
  readonly problems: string | undefined;
  /** `status.loadBalancer.ingress` as canonical JSON. */
  readonly addresses: string;
  /** It was us who wrote them. */
  readonly wroteAddresses: boolean;
}

/** As the API server names who wrote a field: what our user agent begins with. */
const MANAGER = "binnacle";
const NONE = canonicalJson([]);

/**
 * An Ingress shows its load balancer's addresses, and its problems in an annotation: its status has no conditions. One patch of
 * the subresource carries both.
 */
export const INGRESS_STATUS: StatusForm<SeenIngress> = {
  type: INGRESSES,

  see(object) {
    const status = mapOf(object["status"]);
    const addresses = mapOf(status["loadBalancer"])["ingress"];
    return {
      problems: object.metadata.annotations?.[PROBLEMS_ANNOTATION],
      addresses: canonicalJson(addresses ?? []),
      wroteAddresses: wroteAddresses(object),
    };
  },

  patch(seen, wanted) {
    const problems = problemsText(wanted?.problems ?? []);
    const known = wanted?.addresses ?? [];
    // Without addresses of our own we leave what somebody else wrote.
    const addresses = known.length > 0 ? canonicalJson(known) : seen.wroteAddresses ? NONE : seen.addresses;
    const sameProblems = seen.problems === problems;
    const sameAddresses = seen.addresses === addresses;
    if (sameProblems && sameAddresses) return undefined;
    return {
      ...(sameProblems ? {} : { metadata: { annotations: { [PROBLEMS_ANNOTATION]: problems ?? null } } }),
      ...(sameAddresses ? {} : { status: { loadBalancer: { ingress: known.length === 0 ? null : known } } }),
    };
  },
};

/** The API server keeps who wrote what (metadata.managedFields). */
function wroteAddresses({ metadata }: KubeObject): boolean {
  const { managedFields } = metadata;
  if (!Array.isArray(managedFields)) return false;
  return managedFields.some((entry: unknown) => {
    const { manager, subresource, fieldsV1 } = mapOf(entry);
    if (manager !== MANAGER || subresource !== "status") return false;
    return mapOf(mapOf(fieldsV1)["f:status"])["f:loadBalancer"] !== undefined;
  });
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {};
}
