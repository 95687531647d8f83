import { type Command, Option } from "commander";
import type { CommandOptions } from "./command-options.ts";
import type { DiffFlags } from "./diff.ts";

const NOTES = `
Nothing is changed. Exit code 0: no difference; 1: differences; 2: it could not
be told.

Examples:
  # what applying this file would do to the running appliance
  binnacle diff shop.yaml

  # the files as the whole of it: what is in none of them would go
  binnacle diff manifests/ --prune

  # two folders, without an appliance
  binnacle diff manifests/ --against before/
`;

export function addDiffCommand(program: Command, { add, context, exit }: CommandOptions): void {
  add(program, "diff", "say what manifests would change before they are applied")
    .argument("<paths...>", "manifests or folders; - for standard input")
    .option("--against <path>", "compare with these manifests instead of an appliance; both are the whole of it")
    .option("--prune", "objects that are in none of the files would be removed; discovered ones stay")
    .option(
      "--config <file>",
      "configuration file, for --against (default: ./binnacle.yaml, else the built-in defaults)",
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", NOTES)
    .action(async (paths: string[], flags: DiffFlags) =>
      exit(await (await import("./diff.ts")).diff(paths, flags, context)),
    );
}
