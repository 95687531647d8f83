import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { type BackoffSettings, DEFAULT_BACKOFF } from "#supervisor/backoff.ts";
import type { ClaimedPort } from "#supervisor/claimed-port.ts";
import { endProcess, sameProcess } from "#supervisor/process-identity.ts";
import { ProcessLife, type ProcessState } from "#supervisor/process-life.ts";
import { EnvoyAdmin } from "./admin.ts";
import { envoyBinary } from "./binary.ts";
import type { EnvoyFlags } from "./command-line.ts";
import { drainEnvoy } from "./drain.ts";
import type { JsonObject } from "./json.ts";
import { EnvoyLauncher, infoOf, type LaunchedEnvoy } from "./launcher.ts";
import { LogFile } from "./log-file.ts";
import { readRecord, removeRecord } from "./process-record.ts";
import { type RunningEnvoy, runningEnvoys } from "./running-envoys.ts";
import { watchEnvoy } from "./watch.ts";

export interface EnvoyProcessOptions {
  readonly binary: string;
  /** A private folder (0700) of this appliance's Envoy: bootstrap, log, record. */
  readonly directory: string;
  readonly bootstrap: JsonObject;
  /** As in the bootstrap. */
  readonly adminSocket: string;
  /** Path prefix for the hot restart's sockets; up to 25 bytes are appended to it. */
  readonly hotRestartSocket: string;
  /** Worker threads; one per hardware thread if not given. */
  readonly concurrency?: number;
  readonly logLevel?: EnvoyFlags["logLevel"];
  /** How long connections of a listener that is changed or handed over have to end: Envoy's own default of ten minutes. */
  readonly drainSeconds?: number;
  /** Where Envoy will listen: its statistics, and the data plane's TCP listeners. Tried before each start. */
  readonly ports: readonly ClaimedPort[];
  readonly logger: Logger;
  readonly backoff?: BackoffSettings;
  readonly startTimeoutMs?: number;
}

/** `adopted`: it was running already, as wanted. `replaced`: it took over from one that ran with something else. */
export type EnvoyStart = "adopted" | "replaced" | "started";

/** What a stop of an Envoy that cannot hand over to its successor may take. */
const RETIRE_GRACE_MS = 10_000;
const DEFAULT_DRAIN_SECONDS = 600;
const LOG_CHECK_MS = 10_000;

/**
 * The appliance's Envoy. It outlives this process: killed or gone, we leave it serving, and the next `start` adopts it.
 * A changed bootstrap or program takes over by Envoy's own hot restart: new connections and those that wait in the
 * kernel's queues pass to the new process. (Two side by side on SO_REUSEPORT are simpler and lose what waits in the queue
 * that is closed: one connection in some hundred under load.) Where the two versions cannot hand over, the old one is
 * drained and stopped first, and for about a second connections are refused.
 */
export class EnvoyProcess implements AsyncDisposable {
  readonly admin: EnvoyAdmin;
  readonly #options: EnvoyProcessOptions;
  readonly #logger: Logger;
  readonly #log: LogFile;
  readonly #life: ProcessLife;
  readonly #leave = new AbortController();
  #launcher: EnvoyLauncher | undefined;
  #current: LaunchedEnvoy | undefined;
  #responding = false;
  /** A start has succeeded: what runs in the directory is ours to stop. */
  #owns = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: EnvoyProcessOptions) {
    this.#options = options;
    this.admin = new EnvoyAdmin(options.adminSocket);
    this.#logger = options.logger.room("envoy");
    this.#log = new LogFile(join(options.directory, "envoy.log"));
    this.#life = new ProcessLife(options.backoff ?? DEFAULT_BACKOFF);
  }

  get state(): ProcessState {
    return this.#life.state;
  }

  /** How often it ended without being asked to. */
  get ends(): number {
    return this.#life.ends;
  }

  /** Whether an Envoy of this directory runs, whoever started it. */
  get isRunning(): boolean {
    return runningEnvoys(this.#options.directory).length > 0;
  }

  /** Whether it answered, when last asked, that it is ready. */
  get responding(): boolean {
    return this.#responding;
  }

  /** `state` with the new and the former state. */
  get events(): ProcessLife["events"] {
    return this.#life.events;
  }

  /** The file that Envoy's log and its standard output go to. */
  get logFile(): string {
    return this.#log.path;
  }

  /**
   * Resolves when an Envoy with this bootstrap runs and its admin interface answers; it becomes live when it has its first
   * configuration ({@link whenLive}). From then on it is started again whenever it ends. Throws `EnvoyStartError` or
   * `PortUnavailableError`; an Envoy that was to be replaced goes on then. Once per instance.
   */
  async start(signal?: AbortSignal): Promise<EnvoyStart> {
    const abort = signal === undefined ? this.#leave.signal : AbortSignal.any([signal, this.#leave.signal]);
    const first = this.#firstStart(abort);
    this.#work = first.then(
      () => {
        this.#owns = true;
        return this.#supervise();
      },
      () => {},
    );
    return first;
  }

  /** Resolves when it serves. */
  async whenLive(signal: AbortSignal): Promise<void> {
    while (this.state.state !== "live") await once(this.events, "state", { signal });
  }

  /**
   * Ends Envoy with the appliance: no new connections, and up to `graceMs` for what is in flight. Nothing of it is left
   * running afterwards. Does nothing when {@link start} has not succeeded: one that we failed to replace goes on serving.
   */
  async drainAndStop(graceMs: number): Promise<void> {
    await this.detach();
    if (!this.#owns) return;
    const { directory } = this.#options;
    const current = this.#current;
    if (current !== undefined) {
      this.#life.draining(current.identity.pid, graceMs);
      await drainEnvoy(this.admin, current.identity, graceMs, this.#logger);
    }
    // One that has handed over and still drains.
    for (const { identity } of runningEnvoys(directory)) await endProcess(identity, RETIRE_GRACE_MS);
    this.#launcher?.removeTraces();
    removeRecord(directory);
    this.#current = undefined;
    this.#life.stopped();
  }

  /** Stops supervising and leaves it running. */
  async detach(): Promise<void> {
    this.#leave.abort();
    await this.#work;
  }

  /** As {@link detach}: what ends the control plane does not end the data plane. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach();
  }

  async #firstStart(signal: AbortSignal): Promise<EnvoyStart> {
    const { binary, directory, bootstrap } = this.#options;
    const launcher = new EnvoyLauncher({
      binary: await envoyBinary(binary),
      directory,
      bootstrap,
      flags: this.#flags(),
      admin: this.admin,
      log: this.#log,
      logger: this.#logger,
      ports: this.#options.ports,
      startTimeoutMs: this.#options.startTimeoutMs ?? 20_000,
    });
    this.#launcher = launcher;
    const [running] = runningEnvoys(directory);
    if (running === undefined) {
      this.#begin(await launcher.fresh(signal));
      return "started";
    }
    const info = await infoOf(this.admin, running, signal);
    if (info !== undefined && launcher.isWanted(running, info)) {
      this.#adopt(running, info.state === "LIVE");
      return "adopted";
    }
    await launcher.prepare(running, signal);
    if (info !== undefined && launcher.canTakeOver(info)) {
      this.#begin(await launcher.takeOver(running, signal));
      return "replaced";
    }
    await this.#retire(running, info !== undefined);
    this.#begin(await launcher.fresh(signal));
    return "replaced";
  }

  #begin(launched: LaunchedEnvoy): void {
    this.#current = launched;
    this.#responding = false;
    this.#life.starting(launched.identity.pid);
    this.#logger.info("started Envoy", { pid: launched.identity.pid, epoch: launched.command.epoch });
  }

  #adopt(running: RunningEnvoy, live: boolean): void {
    const record = readRecord(this.#options.directory);
    const logStart = sameProcess(record, running.identity) ? (record?.logStart ?? 0) : 0;
    this.#current = { ...running, logStart };
    const { pid } = running.identity;
    if (live) this.#life.live(pid, true);
    else this.#life.starting(pid);
    this.#logger.info("adopted the Envoy that was running", { pid });
  }

  async #retire(running: RunningEnvoy, answers: boolean): Promise<void> {
    const { pid } = running.identity;
    if (!answers) this.#logger.warn("the running Envoy does not answer and is ended", { pid });
    else this.#logger.info("the running Envoy cannot hand over and is drained first", { pid });
    if (answers) await drainEnvoy(this.admin, running.identity, RETIRE_GRACE_MS, this.#logger);
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#leave;
    const bound = setInterval(() => this.#log.bound(), LOG_CHECK_MS).unref();
    try {
      for (let current = this.#current; current !== undefined;) {
        const watched = current;
        const ready = (isReady: boolean): void => this.#ready(watched, isReady);
        if (!(await watchEnvoy(watched, this.admin, ready, signal))) return;
        this.#current = undefined;
        this.#responding = false;
        current = await this.#restart((await this.#launcher?.whyEnded(watched)) ?? "ended");
      }
    } finally {
      clearInterval(bound);
    }
  }

  #ready({ identity }: LaunchedEnvoy, isReady: boolean): void {
    if (this.#responding && !isReady) this.#logger.warn("Envoy is not ready", { pid: identity.pid });
    this.#responding = isReady;
    if (isReady && this.state.state === "starting") this.#life.live(identity.pid, false);
  }

  /** Tries until it runs again; undefined when it is told to leave it instead. */
  async #restart(reason: string): Promise<LaunchedEnvoy | undefined> {
    const { signal } = this.#leave;
    let why = reason;
    while (!signal.aborted) {
      const pause = this.#life.ended(why);
      this.#report(why, pause);
      await delay(pause, undefined, { signal }).catch(() => {});
      try {
        const launched = await this.#launcher?.fresh(signal);
        if (launched !== undefined) this.#begin(launched);
        return launched;
      } catch (error) {
        why = errorMessage(error);
      }
    }
    return undefined;
  }

  #report(reason: string, pause: number): void {
    const loop = this.state.state === "failed";
    this.#logger.error(loop ? "Envoy ends again and again" : "Envoy ended by itself", { reason, restartInMs: pause });
  }

  #flags(): EnvoyFlags {
    const { hotRestartSocket, concurrency, logLevel = "warning", drainSeconds = DEFAULT_DRAIN_SECONDS } = this.#options;
    return { hotRestartSocket, concurrency, logLevel, drainSeconds };
  }
}
