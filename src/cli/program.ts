import { Command, CommanderError, type Option } from "commander";
import { addAccessCommands } from "./access-commands.ts";
import { addBackendsCommand } from "./backends-command.ts";
import { addCompletionCommand } from "./completion-command.ts";
import { type CliContext, failureText, stopCode, UsageError } from "./context.ts";
import { addConvertCommand } from "./convert-command.ts";
import { addCrdsCommand } from "./crds-command.ts";
import { addDiffCommand } from "./diff-command.ts";
import { addExplainCommand } from "./explain-command.ts";
import { addLookCommands } from "./look-commands.ts";
import { addRunCommands } from "./run-commands.ts";
import { addTrafficCommands } from "./traffic-commands.ts";
import { usageText } from "./usage-text.ts";
import { whereOptions } from "./where-options.ts";

// What a command does is loaded when it is asked for: all of it takes most of a second, a question to the API a third of one.

const NOTES = `
binnacle COMMAND --help says all about one of them.

Exit code 0: well; 1: it failed, or what it looked at is wrong; 2: it was not
understood; 130: Ctrl-C ended it. Those of diff are diff(1)'s.
`;

/**
 * Runs the command line. Returns the exit code: 0 well, 1 something is wrong with the input or the appliance, 2 wrong usage, and
 * that of a signal (130 for Ctrl-C) where it ended what would have gone on.
 */
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
    if (context.signal.aborted && isAbort(error)) return stopCode(context.signal);
    context.stderr.write(failureText(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

function build(context: CliContext, exit: (code: number) => void): Command {
  const width = (): number => context.stdout.columns ?? (Number(context.env["COLUMNS"]) || 80);
  const program = new Command("binnacle")
    .usage("COMMAND [options]")
    .description(
      "An embedded, observability-first traffic appliance: Envoy, its control plane, and the views to see what happens.",
    )
    .version(context.version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .exitOverride()
    .configureHelp({ subcommandTerm: termOf, minWidthToWrap: 20 })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
    })
    .addHelpText("after", NOTES);
  const where = whereOptions();
  const options = { add: where.asking, context, exit };
  program.commandsGroup("Start:");
  addRunCommands(program, { ...options, add: where.local });
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
  addAccessCommands(program, { ...options, add: where.local });
  program.commandsGroup("More:");
  addCompletionCommand(program, context, exit);
  program.helpCommand("help [command]", "show help for a command");
  where.addFlags();
  explainUsage(program);
  return program;
}

/** Without `[options]`, which nearly all have. */
function termOf(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    const word = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${word}>` : `[${word}]`;
  });
  return [command.name(), ...words].join(" ");
}

/** Wrong usage is told as every other failure is, with the help that would have said it. */
function explainUsage(command: Command): void {
  const choices = (flag: string): readonly string[] =>
    command.options.find(({ flags }: Option) => flags === flag)?.argChoices ?? [];
  command.configureOutput({
    outputError: (text, write) => write(usageText(text, pathOf(command), choices)),
  });
  for (const below of command.commands) explainUsage(below);
}

/** `binnacle backends list` */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
