import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostPort } from "#lib/host-port.ts";
import type { Config } from "#config/config.ts";
import { counted } from "#lib/counted.ts";
import { errorMessage } from "#lib/error-message.ts";
import { calmWhile, createLogger } from "#lib/log.ts";
import { StateInUseError, StateUnusableError } from "#supervisor/state-directory.ts";
import { type Appliance, startAppliance } from "../main.ts";
import { QUICKSTART } from "../main/demo.ts";
import { programsOf } from "../main/programs.ts";
import { type CliContext, CommandError } from "./context.ts";
import { DEFAULT_CONFIG_FILE, type LocationFlags, readConfig, stateDirectoryOf } from "./locations.ts";

export interface UpFlags extends LocationFlags {
  /** By --demo and --no-demo; without either, the quick start has its demo and nothing else has. */
  readonly demo?: boolean;
}

/** `binnacle up`: the whole appliance, until it is told to stop. Without a configuration it is the quick start. */
export async function up(flags: UpFlags, context: CliContext): Promise<number> {
  const isQuickstart = flags.config === undefined && !existsSync(resolve(context.cwd, DEFAULT_CONFIG_FILE));
  const file = isQuickstart ? join(QUICKSTART, DEFAULT_CONFIG_FILE) : flags.config;
  const read = await readConfig({ ...flags, ...(file === undefined ? {} : { config: file }) }, context);
  const { config } = read;
  const demo = flags.demo ?? isQuickstart;
  const started = performance.now();
  const say = (line: string): void => void context.stdout.write(`${line}\n`);
  // At a terminal the steps say what the log would say once more, between them.
  let isStarting = context.stdout.isTTY === true;
  const logger = createLogger({ ...config.log, write: (line) => void context.stderr.write(`${line}\n`) });
  const appliance = await startAppliance({
    config,
    configFile: read.file,
    programs: programsOf(context.env),
    stateDirectory: stateDirectoryOf(flags, context),
    socketAlternatives: [context.env["XDG_RUNTIME_DIR"] ?? "", "/tmp"].filter((path) => path !== ""),
    version: context.version,
    demo,
    logger: calmWhile(() => isStarting, logger),
    progress: (step) => say(`  ${step}`),
    signal: context.signal,
  }).catch((error: unknown) => {
    if (context.signal.aborted) return undefined;
    throw new CommandError(errorMessage(error), fixFor(error));
  });
  if (appliance === undefined) {
    say("stopped");
    return 0;
  }
  isStarting = false;
  try {
    say(`  ready after ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    say(banner(config, appliance, demo));
    if (!context.signal.aborted) await once(context.signal, "abort");
    say(
      `\nstopping: up to ${config.envoy.drainTime / 1000} s for requests in flight (Ctrl-C twice more to stop at once)`,
    );
  } finally {
    await appliance[Symbol.asyncDispose]();
  }
  say("stopped");
  return 0;
}

function fixFor(error: unknown): string | undefined {
  if (error instanceof StateInUseError) return "stop it, or give this one a directory of its own with --state";
  if (error instanceof StateUnusableError) return "name another that this user may write with --state";
  return undefined;
}

function banner(config: Config, { api, publicUrl, errors }: Appliance, demo: boolean): string {
  const { prometheus, alertmanager } = config.monitoring;
  const rows: [string, string][] = [
    ...config.listeners.map(({ protocol, address, port }): [string, string] => [
      `${protocol} traffic`,
      `${protocol === "http" || protocol === "https" ? `${protocol}://` : ""}${hostPort(address, port)}`,
    ]),
    ["console", api.mintSignInLink().url],
    ...(prometheus.enabled === false ? [] : [["Prometheus", `${publicUrl}/prometheus/`] as [string, string]]),
    ...(alertmanager.enabled === false ? [] : [["Alertmanager", `${publicUrl}/alertmanager/`] as [string, string]]),
  ];
  const lines = rows.map(([name, address]) => `  ${name.padEnd(14)} ${address}`);
  const wrong = errors();
  if (wrong > 0) lines.push("", `  ${counted(wrong, "error")} in manifests: npx binnacle status says what and where`);
  return [...lines, ...(demo ? tryThis(config) : []), "", "  Ctrl-C stops all of it."].join("\n");
}

function tryThis(config: Config): readonly string[] {
  const port = config.listeners.find(({ protocol }) => protocol === "http")?.port ?? 80;
  return [
    "",
    "  Two hosts are served, with a little load on them so that there is something to see:",
    `    http://shop.localhost:${port}/   http://blog.localhost:${port}/`,
    "",
    "  Try two things, with the console open:",
    `    1. Edit ${config.sources.directory}/team-shop.yaml: give /cart another path, save, and ask for it:`,
    `       curl http://shop.localhost:${port}/cart`,
    "    2. Kill an upstream and wait for the alert (it comes back by itself within two minutes):",
    "       pkill -f 'upstream.ts cart'",
    "",
    "  In another terminal: npx binnacle top · npx binnacle tail --code 5xx · npx binnacle status",
  ];
}
