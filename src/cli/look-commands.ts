import { type Command, Option } from "commander";
import type { CommandOptions } from "./command-options.ts";
import type { GetFlags } from "./get.ts";
import { KIND_WORDS } from "./kind-words.ts";
import type { StatusFlags } from "./status.ts";

const STATUS_NOTES = `
Exit code 0: it is ready, and neither an object nor a manifest has an error; 1 otherwise.
`;
const GET_EXAMPLES = `
Examples:
  binnacle get ingresses -n team-shop
  binnacle get ing shop -n team-shop -o yaml     the object, and what became of it
  binnacle get all -o wide                       also the file of each, and the reasons of its problems
`;

/** `binnacle status` and `binnacle get`: how the appliance is, and its objects. */
export function addLookCommands(program: Command, { add, context, exit }: CommandOptions): void {
  add(program, "status", "show how the appliance is, which alerts fire, and all that is wrong with its objects")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", STATUS_NOTES)
    .action(async (flags: StatusFlags) => exit(await (await import("./status.ts")).status(flags, context)));

  add(program, "get", "list objects and what became of them")
    .argument("<kind>", [...KIND_WORDS, "all"].join(", "))
    .argument("[name]", "only the object of this name")
    .option("-n, --namespace <namespace>", "only objects of this namespace (default: all)")
    .option("-A, --all-namespaces", "objects of all namespaces, whatever -n says")
    .addOption(
      new Option("-o, --output <format>", "how to print")
        .choices(["table", "wide", "yaml", "json", "name"])
        .default("table"),
    )
    .addHelpText("after", GET_EXAMPLES)
    .action(async (kind: string, name: string | undefined, flags: GetFlags) =>
      exit(await (await import("./get.ts")).get(kind, name, flags, context)),
    );
}
