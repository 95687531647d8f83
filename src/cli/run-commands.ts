import { type Command, Option } from "commander";
import type { CheckFlags } from "./check.ts";
import type { CommandOptions } from "./command-options.ts";
import type { UpFlags } from "./up.ts";

const UP_EXAMPLES = `
Without a binnacle.yaml here it is the quick start. Ctrl-C lets requests in
flight end and stops all of it; exit code 0.

Examples:
  binnacle up
  binnacle up --config /etc/binnacle/binnacle.yaml
`;
const CHECK_NOTES = `
Exit code 0: no error, with or without warnings; 1: errors.

Examples:
  # binnacle.yaml here, and the manifests that it names
  binnacle check

  # these manifests, as the whole of it
  binnacle check manifests/ more.yaml
  kubectl kustomize overlays/shop | binnacle check -
`;

/** `binnacle up` and `binnacle check`: the appliance, and whether it would start. */
export function addRunCommands(program: Command, { add, context, exit }: CommandOptions): void {
  add(program, "up", "run the whole appliance, until Ctrl-C")
    .option("--config <file>", "configuration file (default: ./binnacle.yaml, else the quick start's)")
    .option("--demo", "run the quick start's upstream programs and load, also with a configuration of your own")
    .option("--no-demo", "leave them out")
    .addHelpText("after", UP_EXAMPLES)
    .action(async (flags: UpFlags) => exit(await (await import("./up.ts")).up(flags, context)));

  program
    .command("check")
    .description("validate the configuration and manifests, without starting anything")
    .argument(
      "[paths...]",
      "manifests or folders, - for standard input (default: the folder that the configuration names)",
    )
    .option("--config <file>", "configuration file (default: ./binnacle.yaml, else the built-in defaults)")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", CHECK_NOTES)
    .action(async (paths: string[], flags: CheckFlags) =>
      exit(await (await import("./check.ts")).check(paths, flags, context)),
    );
}
