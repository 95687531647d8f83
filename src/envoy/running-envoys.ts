import { readdirSync } from "node:fs";
import { join } from "node:path";
import { commandLine, identify, owner, type ProcessIdentity } from "#supervisor/process-identity.ts";
import { type EnvoyCommand, parseEnvoyCommand } from "./command-line.ts";

/** An Envoy that an appliance with this state directory has started and that still runs. */
export interface RunningEnvoy {
  readonly identity: ProcessIdentity;
  readonly command: EnvoyCommand;
}

/** The bootstrap's file carries its hash: so a process's command line tells what it was started with. */
export function bootstrapFile(directory: string, hash: string): string {
  return join(directory, `bootstrap-${hash}.json`);
}

/**
 * The Envoys of this directory, the newest first; there is a second one while it hands over. They are found by what they
 * are, not by what a file says: a process of our user that was started with a bootstrap out of `directory`. So no file
 * can be stale, torn or forged, and none is missing after a crash.
 */
export function runningEnvoys(directory: string): readonly RunningEnvoy[] {
  const prefix = join(directory, "bootstrap-");
  const found: RunningEnvoy[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || owner(pid) !== process.getuid?.()) continue;
    const command = parseEnvoyCommand(commandLine(pid) ?? []);
    if (command?.configFile.startsWith(prefix) !== true) continue;
    const identity = identify(pid);
    if (identity !== undefined) found.push({ identity, command });
  }
  return found.sort((a, b) => b.identity.startTicks - a.identity.startTicks || b.command.epoch - a.command.epoch);
}
