import { type Command, Option } from "commander";
import { FILTER_FIELDS } from "#api/traffic-filter.ts";
import { collect } from "./collect.ts";
import type { CommandOptions } from "./command-options.ts";
import type { TailFlags } from "./tail.ts";
import type { TopFlags } from "./top.ts";

const TOP_EXAMPLES = `
In a terminal it has a screen of its own; q or Ctrl-C ends it.

Examples:
  # one team's routes and upstreams
  binnacle top -n team-shop

  # one picture, for a script or a report
  binnacle top --host shop.localhost --once
`;
const TAIL_EXAMPLES = `
It begins with the last 20. Failures and slow requests are all shown as far as
the budget goes, of the rest a share: a line that begins with # says which.

Examples:
  # failures, each with its reason and what to do
  binnacle tail --code 5xx

  binnacle tail --path /cart --slower-than 500ms

  # one JSON object a line (RequestRow in src/traffic/request-shown.ts)
  binnacle tail --client 192.0.2.1 -o json
`;

/** `binnacle top` and `binnacle tail`: the live view in a terminal. */
export function addTrafficCommands(program: Command, { add, context, exit }: CommandOptions): void {
  const top = add(program, "top", "watch rates, errors and latencies by route and upstream").option(
    "--once",
    "print one picture and end",
  );
  filterOptions(top)
    .addHelpText("after", TOP_EXAMPLES)
    .action(async (flags: TopFlags) => exit(await (await import("./top.ts")).top(flags, context)));

  const tail = add(program, "tail", "follow single requests; failures with their reason").addOption(
    new Option("-o, --output <format>", "text, or json: one object a line").choices(["text", "json"]).default("text"),
  );
  filterOptions(tail)
    .addHelpText("after", TAIL_EXAMPLES)
    .action(async (flags: TailFlags) => exit(await (await import("./tail.ts")).tail(flags, context)));
}

/** One flag for each field of the live view's filter; a flag that comes again adds a value. */
function filterOptions(target: Command): Command {
  for (const { name, words, example } of FILTER_FIELDS) {
    const short = name === "namespace" ? "-n, " : "";
    const shown = example === "" ? words : `${words}, such as ${example}`;
    const option = new Option(`${short}--${name} <value>`, shown).argParser(collect);
    target.addOption(option.helpGroup("Show only (the same flag again adds a value):"));
  }
  return target;
}
