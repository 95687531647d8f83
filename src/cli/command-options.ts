import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** What a command needs that is added to the program. */
export interface CommandOptions {
  /** Adds a command with the flags that every command of its sort has. */
  readonly add: (parent: Command, name: string, description: string) => Command;
  readonly context: CliContext;
  readonly exit: (code: number) => void;
}
