import { dump } from "js-yaml";
import { customResourceDefinition } from "../crds/custom-resource-definition.ts";
import { DEFINED_KINDS, type DefinedKind, STANDARD_KINDS } from "../crds/defined-kinds.ts";
import type { CliContext } from "./context.ts";

export interface CrdsFlags {
  readonly kind?: readonly DefinedKind[];
  readonly output: "yaml" | "json";
}

/** `binnacle crds`: CustomResourceDefinitions, as documents of YAML or a List in JSON. */
export function crds({ kind: kinds = STANDARD_KINDS, output }: CrdsFlags, context: CliContext): number {
  const definitions = DEFINED_KINDS.filter((kind) => kinds.includes(kind)).map(customResourceDefinition);
  const list = { apiVersion: "v1", kind: "List", items: definitions };
  context.stdout.write(
    output === "json"
      ? `${JSON.stringify(list, undefined, 2)}\n`
      : definitions.map((definition) => dump(definition, { noRefs: true, lineWidth: 120 })).join("---\n"),
  );
  return 0;
}
