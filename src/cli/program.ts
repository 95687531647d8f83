import { Command, CommanderError } from "commander";
import { errorMessage } from "#lib/error-message.ts";
import { addAccessCommands } from "./access-commands.ts";
import { addBackendsCommand } from "./backends-command.ts";
import { type CliContext, CommandError } from "./context.ts";
import { addConvertCommand } from "./convert-command.ts";
import { addCrdsCommand } from "./crds-command.ts";
import { addDiffCommand } from "./diff-command.ts";
import { addExplainCommand } from "./explain-command.ts";
import { addLookCommands } from "./look-commands.ts";
import { addRunCommands } from "./run-commands.ts";
import { addTrafficCommands } from "./traffic-commands.ts";

// What a command does is loaded when it is asked for: all of it takes most of a second, a question to the API a third of one.

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
  const options = { add: asking, context, exit };
  program.commandsGroup("Start:");
  addRunCommands(program, { ...options, add: command });
  program.commandsGroup("See:");
  addLookCommands(program, options);
  addTrafficCommands(program, options);
  addExplainCommand(program, options);
  addBackendsCommand(program, options);
  program.commandsGroup("Change:");
  addDiffCommand(program, options);
  addConvertCommand(program, context, exit);
  addCrdsCommand(program, context, exit);
  program.commandsGroup("Let in:");
  addAccessCommands(program, { ...options, add: command });
  program.commandsGroup("More:");
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

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
