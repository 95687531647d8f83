import { type Command, Option } from "commander";
import { collect } from "./collect.ts";
import type { CommandOptions } from "./command-options.ts";
import type { ExplainFlags } from "./explain.ts";

const EXAMPLES = `
Exit code 1: a live request did not do as was said.

Examples:
  binnacle explain shop.localhost/cart
  binnacle explain https://shop.localhost/v2 --method POST --header x-canary=yes

  # before any of it is applied
  binnacle explain shop.localhost/cart --files manifests/

  # and one real request, compared
  binnacle explain shop.localhost/cart --live
`;

export function addExplainCommand(program: Command, { add, context, exit }: CommandOptions): void {
  add(program, "explain", "say which rule takes a request, why no other does, and who gets it")
    .argument("<address>", "HOST[/PATH], or a whole address such as https://shop.example.com/cart?x=1")
    .option("--header <name=value>", "a header of the request; again for more", collect)
    .option("--method <method>", "its method", "GET")
    .option("--https", "over TLS")
    .option("--sni <name>", "the server name of the TLS handshake (default: the host)")
    .option("--listener <name>", "the listener that gets it (default: the first of its protocol)")
    .option("--files <paths...>", "explain these manifests or folders (- for standard input), and ask no appliance")
    .option("--config <file>", "configuration file, for --files (default: ./binnacle.yaml, else the built-in defaults)")
    .option("--live", "send one real request through Envoy, and compare")
    .option("--all", "show every route that does not match")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json", "yaml"]).default("text"))
    .addHelpText("after", EXAMPLES)
    .action(async (address: string, flags: ExplainFlags) =>
      exit(await (await import("./explain.ts")).explain(address, flags, context)),
    );
}
