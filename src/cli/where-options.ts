import { type Command, Option } from "commander";

const WHERE = "Which appliance:";

/** Flags that say which appliance is meant. They are added when all commands are known, so that they stand below each one's own. */
export function whereOptions() {
  const local: Command[] = [];
  const remote: Command[] = [];
  return {
    /** Adds a command that needs the state directory. */
    local: (parent: Command, name: string, description: string): Command => {
      const command = parent.command(name).description(description);
      local.push(command);
      return command;
    },
    /** Adds a command that asks the API, which a user may do from anywhere. */
    asking: (parent: Command, name: string, description: string): Command => {
      const command = parent.command(name).description(description);
      remote.push(command);
      return command;
    },
    /** Gives the commands their flags. */
    addFlags: (): void => {
      for (const command of [...local, ...remote]) {
        const words = "its state directory (default: $XDG_STATE_HOME/binnacle or ~/.local/state/binnacle)";
        command.addOption(new Option("--state <dir>", words).helpGroup(WHERE));
      }
      for (const command of remote) {
        command
          .addOption(
            new Option("--api <url>", "instead, as a user of it: its address (or BINNACLE_API)").helpGroup(WHERE),
          )
          .addOption(
            new Option("--token-file <file>", "the file with the user's token (or BINNACLE_TOKEN_FILE)").helpGroup(
              WHERE,
            ),
          );
      }
    },
  };
}
