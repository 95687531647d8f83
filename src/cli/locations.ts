import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "#config/config.ts";
import { defaultConfig, loadConfig } from "#config/load-config.ts";
import { formatProblem } from "#lib/problem.ts";
import { type CliContext, CommandError } from "./context.ts";

export interface LocationFlags {
  readonly config?: string;
  readonly state?: string;
}

export const DEFAULT_CONFIG_FILE = "binnacle.yaml";

/** The state directory: --state, else below $XDG_STATE_HOME or ~/.local/state. */
export function stateDirectoryOf({ state }: LocationFlags, { env, cwd }: CliContext): string {
  if (state !== undefined) return resolve(cwd, state);
  const base = env["XDG_STATE_HOME"] ?? join(env["HOME"] ?? cwd, ".local", "state");
  return resolve(base, "binnacle");
}

/** The configuration: --config, else binnacle.yaml here, else the defaults. Throws with every problem in it. */
export async function readConfig(
  { config }: LocationFlags,
  { cwd }: CliContext,
): Promise<{ config: Config; file: string | undefined }> {
  const file = resolve(cwd, config ?? DEFAULT_CONFIG_FILE);
  if (config === undefined && !existsSync(file)) return { config: defaultConfig(file), file: undefined };
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CommandError(`could not read the configuration ${file}`, "name another with --config FILE", { cause });
  });
  const loaded = loadConfig(text, config ?? DEFAULT_CONFIG_FILE);
  if (loaded.config === undefined) {
    throw new CommandError(
      `the configuration has problems:\n${loaded.problems.map((problem) => `  ${formatProblem(problem)}`).join("\n")}`,
    );
  }
  return { config: loaded.config, file };
}
