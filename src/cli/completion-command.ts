import { Argument, type Command } from "commander";
import { type Shell, SHELLS } from "./completion/shells.ts";
import type { CliContext } from "./context.ts";

const NOTES = `
Commands, flags, formats, kinds and files are completed; no appliance is asked.

One line for your shell's start file, where binnacle is a command:
  # ~/.bashrc
  source <(binnacle completion bash)

  # ~/.zshrc, below compinit
  source <(binnacle completion zsh)

  # ~/.config/fish/config.fish
  binnacle completion fish | source
`;

/** Adds `binnacle completion` to the program, which it is about. */
export function addCompletionCommand(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command("completion")
    .description("print what makes a shell complete these commands")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .addHelpText("after", NOTES)
    .action(async (shell: Shell) =>
      exit((await import("./completion/completion.ts")).completion(shell, program, context)),
    );
}
