import { type Command, Option } from "commander";
import { collect } from "./collect.ts";
import type { CommandOptions } from "./command-options.ts";
import type { GetFlags } from "./get.ts";
import { KIND_WORDS } from "./kind-words.ts";
import type { StatusFlags } from "./status.ts";

const STATUS_NOTES = `
Exit code 0: it is ready, and neither an object nor a manifest has an error;
1: otherwise. Alerts count neither way: they may be an upstream's fault.
`;
const GET_EXAMPLES = `
Kinds: ${[...KIND_WORDS, "all"]
  .join(", ")
  .replaceAll(/(.{1,65})(?:, |$)/g, (line) => `${line.trimEnd()}\n       `)
  .trim()}

Exit code 1: there is none of a name that was given.

Examples:
  binnacle get ingresses -n team-shop
  binnacle get ing,svc
  binnacle get ing/shop svc/cart -n team-shop

  # the object, and what became of it
  binnacle get ing shop -n team-shop -o yaml

  # also the file of each, and the reasons of its problems
  binnacle get all -o wide
`;

/** `binnacle status` and `binnacle get`: how the appliance is, and its objects. */
export function addLookCommands(program: Command, { add, context, exit }: CommandOptions): void {
  add(program, "status", "show how it is, which alerts fire, and what is wrong with objects")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", STATUS_NOTES)
    .action(async (flags: StatusFlags) => exit(await (await import("./status.ts")).status(flags, context)));

  add(program, "get", "list objects and what became of them")
    .argument("<kind>", "a kind, several with commas, or KIND/NAME; singular, plural and short as kubectl has them")
    .argument("[names...]", "only objects of these names")
    .option("-n, --namespace <namespace>", "only objects of this namespace, again for more (default: all)", collect)
    .option("-A, --all-namespaces", "objects of all namespaces, whatever -n says")
    .addOption(
      new Option("-o, --output <format>", "how to print")
        .choices(["table", "wide", "yaml", "json", "name"])
        .default("table"),
    )
    .addHelpText("after", GET_EXAMPLES)
    .action(async (kind: string, names: string[], flags: GetFlags) =>
      exit(await (await import("./get.ts")).get(kind, names, flags, context)),
    );
}
