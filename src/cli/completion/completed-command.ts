import type { Argument, Command, Option } from "commander";
import { KIND_WORDS } from "../kind-words.ts";

/** What may stand in a place. What nobody knows without asking, such as a namespace, is `anything`. */
export type CompletedPlace =
  | { readonly type: "words"; readonly words: readonly string[] }
  | { readonly type: "file" }
  | { readonly type: "folder" }
  | { readonly type: "anything" };

/** A flag's value, or an argument. */
export interface CompletedValue {
  /** As help calls it: `namespace`. */
  readonly name: string;
  readonly place: CompletedPlace;
  /** Whether more of it may follow. */
  readonly many: boolean;
}

export interface CompletedFlag {
  /** `-n`. */
  readonly short: string | undefined;
  /** `--namespace`. */
  readonly long: string | undefined;
  readonly description: string;
  /** Undefined for a flag that takes none. */
  readonly value: CompletedValue | undefined;
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** From the program on: `["binnacle", "backends", "list"]`. */
  readonly path: readonly string[];
  readonly description: string;
  /** In the order of its help. */
  readonly commands: readonly CompletedCommand[];
  readonly flags: readonly CompletedFlag[];
  readonly arguments: readonly CompletedValue[];
}

/** What a command line of this program may say: what its help says, and nothing else. */
export function completedCommand(command: Command, above: readonly Command[] = []): CompletedCommand {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const siblings = above.at(-1)?.createHelp().visibleCommands(above.at(-1)!) ?? [];
  return {
    path: [...above, command].map((each) => each.name()),
    description: command.description(),
    commands: below.map((each) => completedCommand(each, [...above, command])),
    flags: help.visibleOptions(command).map(completedFlag),
    arguments: command.registeredArguments.map((argument) => completedArgument(argument, siblings)),
  };
}

function completedFlag(option: Option): CompletedFlag {
  const name = /[<[]([^\]>.]+)/.exec(option.flags)?.[1];
  return {
    short: option.short,
    long: option.long,
    description: option.description,
    value: name === undefined ? undefined : { name, place: placeOf(name, option.argChoices), many: option.variadic },
  };
}

function completedArgument(argument: Argument, siblings: readonly Command[]): CompletedValue {
  const name = argument.name();
  // Only `help [command]` has one of these.
  const choices = name === "command" ? siblings.map((command) => command.name()) : argument.argChoices;
  return { name, place: placeOf(name, choices), many: argument.variadic };
}

/** Help's words for values are the same in all commands. */
function placeOf(name: string, choices: readonly string[] | undefined): CompletedPlace {
  if (choices !== undefined) return { type: "words", words: choices };
  switch (name) {
    case "kind":
      return { type: "words", words: [...KIND_WORDS, "all"] };
    case "file":
    case "files":
    case "path":
    case "paths":
      return { type: "file" };
    case "dir":
      return { type: "folder" };
    default:
      return { type: "anything" };
  }
}

/** A command and all below it, each before those below it. */
export function withAllBelow(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.commands.flatMap(withAllBelow)];
}
