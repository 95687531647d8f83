import type { Command } from "commander";
import { unreachable } from "#lib/unreachable.ts";
import type { CliContext } from "../context.ts";
import { bashScript } from "./bash-script.ts";
import { completedCommand, type CompletedCommand } from "./completed-command.ts";
import { fishScript } from "./fish-script.ts";
import type { Shell } from "./shells.ts";
import { zshScript } from "./zsh-script.ts";

/** `binnacle completion`: a script for a shell, made from the commands themselves. */
export function completion(shell: Shell, program: Command, { stdout }: CliContext): number {
  stdout.write(scriptFor(shell, completedCommand(program)));
  return 0;
}

function scriptFor(shell: Shell, program: CompletedCommand): string {
  switch (shell) {
    case "bash":
      return bashScript(program);
    case "zsh":
      return zshScript(program);
    case "fish":
      return fishScript(program);
    default:
      return unreachable(shell);
  }
}
