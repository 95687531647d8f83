import { closeSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { canonicalJson, contentHash } from "#lib/canonical.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { replaceFile } from "#lib/replace-file.ts";
import { type ClaimedPort, requireFreePorts } from "#supervisor/claimed-port.ts";
import { endProcess, isRunning } from "#supervisor/process-identity.ts";
import type { EnvoyAdmin, ServerInfo } from "./admin.ts";
import { type EnvoyBinary, validateBootstrap } from "./binary.ts";
import { baseIdOf, type EnvoyFlags, flagArguments } from "./command-line.ts";
import { removeHotRestartTraces } from "./hot-restart-traces.ts";
import type { JsonObject } from "./json.ts";
import { endReason } from "./last-words.ts";
import { exitWords, launchEnvoy } from "./launch.ts";
import type { LogFile } from "./log-file.ts";
import { writeRecord } from "./process-record.ts";
import { bootstrapFile, type RunningEnvoy, runningEnvoys } from "./running-envoys.ts";

export interface LauncherOptions {
  readonly binary: EnvoyBinary;
  /** Where bootstrap, log and record are; private. */
  readonly directory: string;
  readonly bootstrap: JsonObject;
  readonly flags: EnvoyFlags;
  readonly admin: EnvoyAdmin;
  /** Envoy's own. */
  readonly log: LogFile;
  readonly logger: Logger;
  /** Tried before a start. Without that a second Envoy of this user would share them: SO_REUSEPORT. */
  readonly ports: readonly ClaimedPort[];
  /** How long Envoy may take until its admin interface answers. */
  readonly startTimeoutMs: number;
}

/** A launched Envoy whose admin interface answers. */
export interface LaunchedEnvoy extends RunningEnvoy {
  /** Bytes of the log that were there before. */
  readonly logStart: number;
}

/** Envoy did not come up. The message has its own words. */
export class EnvoyStartError extends Error {
  override readonly name = "EnvoyStartError";
}

const POLL_MS = 25;
/** Envoy answers SIGTERM within milliseconds, unless it is stuck. */
const END_GRACE_MS = 2000;

/** Starts Envoys with one bootstrap, and knows whether a running one was started with it. */
export class EnvoyLauncher {
  readonly #options: LauncherOptions;
  readonly #hash: string;
  readonly #configFile: string;

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#hash = contentHash([options.bootstrap, flagArguments(options.flags)]);
    this.#configFile = bootstrapFile(options.directory, this.#hash);
  }

  /** Whether this is the wanted Envoy: same bootstrap, same flags, same program. */
  isWanted(running: RunningEnvoy, info: ServerInfo): boolean {
    return running.command.configFile === this.#configFile && info.version === this.#options.binary.version;
  }

  /** Whether that Envoy can hand over to a new one without a gap. */
  canTakeOver(info: ServerInfo): boolean {
    return info.state === "LIVE" && info.hotRestartVersion === this.#options.binary.hotRestartVersion;
  }

  /**
   * Makes sure that a start can succeed, before anything that runs is touched: ports are free or held by `predecessor`, and
   * Envoy accepts the bootstrap. A new process that fails later has already taken the old one's admin interface.
   */
  async prepare(predecessor: RunningEnvoy, signal: AbortSignal): Promise<void> {
    await requireFreePorts("Envoy", this.#options.ports, predecessor.identity.pid);
    this.#writeBootstrap();
    await validateBootstrap(this.#options.binary.path, this.#configFile, signal);
  }

  /** Starts from nothing. Whatever is left of earlier runs is ended first: it would go on taking traffic beside this one. */
  async fresh(signal: AbortSignal): Promise<LaunchedEnvoy> {
    for (const { identity } of runningEnvoys(this.#options.directory)) await endProcess(identity, END_GRACE_MS);
    await requireFreePorts("Envoy", this.#options.ports);
    this.#writeBootstrap();
    return this.#launch({ baseId: baseIdOf(this.#options.directory), epoch: 0 }, signal);
  }

  /**
   * Envoy's hot restart: the new process gets the listening sockets of `from`, which then drains and ends by itself. Only
   * after {@link prepare}.
   */
  takeOver(from: RunningEnvoy, signal: AbortSignal): Promise<LaunchedEnvoy> {
    return this.#launch({ baseId: from.command.baseId, epoch: from.command.epoch + 1 }, signal);
  }

  /** Why that Envoy ended. */
  async whyEnded(ended: LaunchedEnvoy): Promise<string> {
    const { directory, log } = this.#options;
    let words = exitWords(directory, ended.command);
    // The shell that kept it writes that a moment after its end.
    for (let look = 0; look < 20 && words === undefined; look++) {
      await delay(POLL_MS);
      words = exitWords(directory, ended.command);
    }
    return endReason(words, log.since(ended.logStart));
  }

  /** Removes what Envoy leaves behind outside its folder. Only when none of this appliance runs any more. */
  removeTraces(): void {
    const { directory, flags } = this.#options;
    removeHotRestartTraces(flags.hotRestartSocket, baseIdOf(directory));
  }

  async #launch(generation: { baseId: number; epoch: number }, signal: AbortSignal): Promise<LaunchedEnvoy> {
    const { binary, directory, flags, log } = this.#options;
    signal.throwIfAborted();
    const command = { binary: binary.path, configFile: this.#configFile, ...generation };
    const { fd, start } = log.open(generation.epoch > 0);
    let launched: LaunchedEnvoy;
    try {
      launched = { ...(await launchEnvoy(command, flags, directory, fd)), logStart: start };
    } finally {
      closeSync(fd);
    }
    this.#record(launched);
    try {
      await this.#answers(launched, signal);
    } catch (error) {
      await endProcess(launched.identity, END_GRACE_MS);
      throw error;
    }
    return launched;
  }

  async #answers(launched: LaunchedEnvoy, signal: AbortSignal): Promise<void> {
    const { admin, startTimeoutMs } = this.#options;
    const late = AbortSignal.timeout(startTimeoutMs);
    const either = AbortSignal.any([signal, late]);
    while (!(await isAnswering(admin, launched, either))) {
      signal.throwIfAborted();
      if (!isRunning(launched.identity)) {
        throw new EnvoyStartError(`Envoy did not start: it ${await this.whyEnded(launched)}`);
      }
      if (late.aborted) {
        throw new EnvoyStartError(`Envoy did not start: ${admin.socketPath} did not answer in ${startTimeoutMs} ms`);
      }
      await delay(POLL_MS, undefined, { signal: either }).catch(() => {});
    }
  }

  /**
   * Those that no process uses any more are removed. One that stands as it is to be is not written again: an Envoy that
   * crashed comes back also on a full disk.
   */
  #writeBootstrap(): void {
    const { directory, bootstrap } = this.#options;
    const kept = new Set([this.#configFile, ...runningEnvoys(directory).map(({ command }) => command.configFile)]);
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (/^(bootstrap|exit)-/.test(name) && !kept.has(path)) rmSync(path, { force: true });
    }
    const text = canonicalJson(bootstrap);
    if (textOf(this.#configFile) !== text) replaceFile(this.#configFile, text);
  }

  /** It decides nothing: an Envoy that serves without it is better than none. */
  #record({ identity, command, logStart }: LaunchedEnvoy): void {
    const { binary, directory, logger } = this.#options;
    try {
      writeRecord(directory, {
        ...identity,
        hash: this.#hash,
        binary: binary.path,
        version: binary.version,
        baseId: command.baseId,
        epoch: command.epoch,
        logStart,
        startedAt: new Date().toISOString(),
      });
    } catch (error) {
      logger.warn("which Envoy serves cannot be written down", { error: errorMessage(error) });
    }
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** What the admin interface says, if it is this very Envoy that answers there. */
export async function infoOf(
  admin: EnvoyAdmin,
  { command }: RunningEnvoy,
  signal?: AbortSignal,
): Promise<ServerInfo | undefined> {
  try {
    const info = await admin.serverInfo({ timeoutMs: 2000, ...(signal === undefined ? {} : { signal }) });
    return info.configPath === command.configFile && info.epoch === command.epoch ? info : undefined;
  } catch {
    return undefined;
  }
}

async function isAnswering(admin: EnvoyAdmin, launched: RunningEnvoy, signal: AbortSignal): Promise<boolean> {
  return (await infoOf(admin, launched, signal)) !== undefined;
}
