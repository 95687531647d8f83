import { FILTER_FIELDS } from "#api/traffic-filter.ts";
import { Command, CommanderError, Option } from "commander";
import { errorMessage } from "#lib/error-message.ts";
import { addBackendsCommand } from "./backends-command.ts";
import { check, CHECK_OUTPUTS, type CheckFlags } from "./check.ts";
import { type CliContext, CommandError } from "./context.ts";
import { addConvertCommand } from "./convert.ts";
import { addCrdsCommand } from "./crds.ts";
import { addDiffCommand } from "./diff-command.ts";
import { addExplainCommand } from "./explain-command.ts";
import { get, GET_OUTPUTS, type GetFlags, KIND_WORDS } from "./get.ts";
import { kubeconfig, type KubeconfigFlags } from "./kubeconfig.ts";
import type { LocationFlags } from "./locations.ts";
import { remoteEnvoy, type RemoteEnvoyFlags } from "./remote-envoy.ts";
import { signIn } from "./sign-in.ts";
import { status, type StatusFlags } from "./status.ts";
import { tail, type TailFlags } from "./tail.ts";
import { top, type TopFlags } from "./top.ts";
import { up, type UpFlags } from "./up.ts";
import { userHash, userToken } from "./user.ts";

/** Runs the command line. Returns the exit code: 0 well, 1 something is wrong with the input or the appliance, 2 wrong usage. */
export async function run(argv: readonly string[], context: CliContext): Promise<number> {
  let exitCode = 0;
  const program = build(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted && isAbort(error)) return 0;
    const fix = error instanceof CommandError && error.fix !== undefined ? `\n  fix: ${error.fix}` : "";
    context.stderr.write(`binnacle: ${errorMessage(error)}${fix}\n`);
    return 1;
  }
}

function build(context: CliContext, exit: (code: number) => void): Command {
  const program = new Command("binnacle")
    .description(
      "An embedded, observability-first traffic appliance: Envoy, its control plane, and the views to see what happens.",
    )
    .version(context.version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .exitOverride()
    .showHelpAfterError("(see --help)")
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    });

  command(program, "up", "run the whole appliance from a directory of manifests, until Ctrl-C")
    .option("--config <file>", "configuration file (default: ./binnacle.yaml, else the built-in defaults)")
    .option("--demo", "run the quick start's upstream programs and load, also with a configuration of your own")
    .option("--no-demo", "leave them out")
    .action(async (flags: UpFlags) => exit(await up(flags, context)));

  command(program, "check", "validate the configuration and manifests without starting anything")
    .argument("[paths...]", "manifests or folders (default: the directory that the configuration names)")
    .option("--config <file>", "configuration file (default: ./binnacle.yaml, else the built-in defaults)")
    .addOption(new Option("-o, --output <format>", "how to print").choices([...CHECK_OUTPUTS]).default("text"))
    .action(async (paths: string[], flags: CheckFlags) => exit(await check(paths, flags, context)));

  asking(program, "get", "list objects and what became of them")
    .argument("<kind>", [...KIND_WORDS, "all"].join(", "))
    .argument("[name]", "only the object of this name")
    .option("-n, --namespace <namespace>", "only objects of this namespace (default: all)")
    .option("-A, --all-namespaces", "objects of all namespaces, whatever -n says")
    .addOption(new Option("-o, --output <format>", "how to print").choices([...GET_OUTPUTS]).default("table"))
    .action(async (kind: string, name: string | undefined, flags: GetFlags) =>
      exit(await get(kind, name, flags, context)),
    );

  addConvertCommand(program, context, exit);
  addCrdsCommand(program, context, exit);

  addDiffCommand(program, { add: asking, context, exit });
  addExplainCommand(program, { add: asking, context, exit });
  addBackendsCommand(program, { add: asking, context, exit });

  command(program, "kubeconfig", "print what kubectl needs to read the objects: address, authority and token")
    .option("--output <file>", "write it to a file that only you can read")
    .option("--server <url>", "where kubectl finds the API (default: where it listens)")
    .option(
      "--certificate-authority <file>",
      "PEM file of who signed the API's certificate (default: its own authority)",
    )
    .option("--user <name>", "for a user of api.users, with a new token (default: for you, with the appliance's)")
    .option("--token-file <file>", "the user's token instead of a new one; - for standard input")
    .option("-n, --namespace <namespace>", "the namespace that kubectl means where none is named")
    .action(async (flags: KubeconfigFlags) => exit(await kubeconfig(flags, context)));

  asking(program, "status", "show how the appliance is, and all that is wrong with its objects")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .action(async (flags: StatusFlags) => exit(await status(flags, context)));

  program
    .command("remote-envoy")
    .description("print the script that prepares another machine for an Envoy of this control plane")
    .option("--config <file>", "configuration file, with xds.remote (default: ./binnacle.yaml)")
    .requiredOption("--id <id>", "name of that Envoy, unlike every other's")
    .requiredOption("--host <host>", "name or address of this control plane, as that machine knows it")
    .option("--server-name <name>", "DNS name in the control plane's certificate (default: the host)")
    .option("--directory <dir>", "folder of its files there", "/etc/binnacle-envoy")
    .option("--runtime-directory <dir>", "folder of its sockets there", "/run/binnacle-envoy")
    .option("--memory-mib <mib>", "memory of that machine, of which Envoy may use half", "2048")
    .action(async (flags: RemoteEnvoyFlags) => exit(await remoteEnvoy(flags, context)));

  command(program, "sign-in", "print a link that signs in to the console once").action(async (flags: LocationFlags) =>
    exit(await signIn(flags, context)),
  );

  const user = program.command("user").description("make what api.users in binnacle.yaml takes");
  user
    .command("hash")
    .description("ask for a password and print its hash")
    .action(async () => exit(await userHash(context)));
  user
    .command("token")
    .description("print a new token, and its hash")
    .action(async () => exit(await userToken(context)));

  const tailCommand = asking(program, "tail", "follow single requests; failures with their reason").addOption(
    new Option("-o, --output <format>", "text, or json: one object a line").choices(["text", "json"]).default("text"),
  );
  filterOptions(tailCommand).action(async (flags: TailFlags) => exit(await tail(flags, context)));

  const topCommand = asking(program, "top", "watch rates, errors and latencies by route and upstream").option(
    "--once",
    "print one picture and end",
  );
  filterOptions(topCommand).action(async (flags: TopFlags) => exit(await top(flags, context)));
  return program;
}

function command(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--state <dir>", "state directory (default: $XDG_STATE_HOME/binnacle or ~/.local/state/binnacle)");
}

/** A command that asks the API, which a user may do from anywhere. */
function asking(program: Command, name: string, description: string): Command {
  return command(program, name, description)
    .option("--api <url>", "for a user: where the API is (or BINNACLE_API)")
    .option("--token-file <file>", "for a user: file with their token (or BINNACLE_TOKEN_FILE)");
}

/** One flag for each field of the live view's filter; a flag that comes again adds a value. */
function filterOptions(target: Command): Command {
  for (const { name, words, example } of FILTER_FIELDS) {
    const short = name === "namespace" ? "-n, " : "";
    const shown = example === "" ? words : `${words}, such as ${example}`;
    target.addOption(new Option(`${short}--${name} <value>`, `only: ${shown}`).argParser(collect));
  }
  return target;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
