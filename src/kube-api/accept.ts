import { KubeFailure } from "./kube-status.ts";

/** In which form a client wants an answer. `version` is that of the form's own group. */
export type AnswerForm =
  | { readonly form: "json" }
  | { readonly form: "table"; readonly version: string }
  | { readonly form: "metadata"; readonly version: string }
  /** Discovery of all groups in one answer. */
  | { readonly form: "aggregated"; readonly version: string };

const META: ReadonlySet<string> = new Set(["v1", "v1beta1"]);
const AGGREGATED: ReadonlySet<string> = new Set(["v2", "v2beta1"]);

/**
 * The first media type of an Accept header that we can answer, as API servers choose:
 * `application/json;as=Table;v=v1;g=meta.k8s.io,application/json`. Throws NotAcceptable when there is none.
 */
export function answerForm(accept: string | undefined): AnswerForm {
  for (const range of (accept ?? "*/*").split(",")) {
    const [type = "", ...rest] = range.split(";").map((part) => part.trim());
    if (!["application/json", "application/*", "*/*", ""].includes(type.toLowerCase())) continue;
    const parameters = Object.fromEntries(rest.map((part) => part.split("=", 2) as [string, string | undefined]));
    const { as, g: group, v: version = "" } = parameters;
    if (as === undefined) return { form: "json" };
    if (group === "meta.k8s.io" && META.has(version)) {
      if (as === "Table") return { form: "table", version };
      if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return { form: "metadata", version };
    }
    if (group === "apidiscovery.k8s.io" && AGGREGATED.has(version) && as === "APIGroupDiscoveryList") {
      return { form: "aggregated", version };
    }
  }
  throw new KubeFailure("NotAcceptable", "only the following media types are accepted: application/json");
}
