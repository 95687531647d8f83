import { type Command, Option } from "commander";
import { DEFINED_KINDS, STANDARD_KINDS } from "../crds/defined-kinds.ts";
import type { CliContext } from "./context.ts";
import type { CrdsFlags } from "./crds.ts";

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
        .default(undefined, STANDARD_KINDS.join(", ")),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["yaml", "json"]).default("yaml"))
    .action(async (flags: CrdsFlags) => exit((await import("./crds.ts")).crds(flags, context)));
}
