import { type Command, Option } from "commander";
import { DEFINED_KINDS, STANDARD_KINDS } from "../crds/defined-kinds.ts";
import type { CliContext } from "./context.ts";
import type { CrdsFlags } from "./crds.ts";

const EXAMPLE = `
Example:
  binnacle crds | kubectl apply -f -
`;

/** Adds `binnacle crds` to the program. */
export function addCrdsCommand(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command("crds")
    .description("print the definitions of our kinds for a Kubernetes cluster")
    .addOption(
      new Option("--kind <kinds...>", `of these kinds (unless given: ${STANDARD_KINDS.join(", ")})`).choices([
        ...DEFINED_KINDS,
      ]),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml"))
    .addHelpText("after", EXAMPLE)
    .action(async (flags: CrdsFlags) => exit((await import("./crds.ts")).crds(flags, context)));
}
