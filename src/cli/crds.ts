import { type Command, Option } from "commander";
import { dump } from "js-yaml";
import { customResourceDefinition, DEFINED_KINDS, type DefinedKind } from "../crds/custom-resource-definition.ts";
import type { CliContext } from "./context.ts";

export const CRDS_OUTPUTS = ["yaml", "json"] as const;

export interface CrdsFlags {
  readonly kind?: readonly DefinedKind[];
  readonly output: (typeof CRDS_OUTPUTS)[number];
}

/** Those that are printed unless others are asked for: what one of before is for, the clusters that have it know. */
const STANDARD: readonly DefinedKind[] = ["HTTPProxy", "TLSCertificateDelegation", "ExtensionService"];

/** Adds `binnacle crds` to the program. */
export function addCrdsCommand(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command("crds")
    .description(
      "print the definitions that a Kubernetes cluster needs for these kinds: binnacle crds | kubectl apply -f -",
    )
    .addOption(
      new Option("--kind <kinds...>", "of these kinds")
        .choices([...DEFINED_KINDS])
        .default(undefined, STANDARD.join(", ")),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices([...CRDS_OUTPUTS]).default("yaml"))
    .action((flags: CrdsFlags) => exit(crds(flags, context)));
}

/** `binnacle crds`: CustomResourceDefinitions, as documents of YAML or a List in JSON. */
export function crds({ kind: kinds = STANDARD, output }: CrdsFlags, context: CliContext): number {
  const definitions = DEFINED_KINDS.filter((kind) => kinds.includes(kind)).map(customResourceDefinition);
  const list = { apiVersion: "v1", kind: "List", items: definitions };
  context.stdout.write(
    output === "json"
      ? `${JSON.stringify(list, undefined, 2)}\n`
      : definitions.map((definition) => dump(definition, { noRefs: true, lineWidth: 120 })).join("---\n"),
  );
  return 0;
}
