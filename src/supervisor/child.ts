import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "#lib/error-message.ts";
import { type Logger, quieter } from "#lib/log.ts";
import { type BackoffSettings, DEFAULT_BACKOFF } from "./backoff.ts";
import { childRecordFile, endOrphan } from "./child-record.ts";
import { type ClaimedPort, requireFreePorts } from "./claimed-port.ts";
import { ProcessLife, type ProcessState } from "./process-life.ts";
import { SpawnedChild, type SpawnSpec } from "./spawned-child.ts";

/** A program that runs beside the control plane and ends with it: Prometheus, Alertmanager, node-exporter, Grafana. */
export interface ChildSpec extends SpawnSpec {
  /** Unique among the children; it names the record, the log's room and every message. */
  readonly name: string;
  /** Whether it does its work: a URL that answers 2xx, or a question. An exception is a no. */
  readonly ready: string | ((signal: AbortSignal) => Promise<boolean>);
  /** The ports that it will listen on; tried before each start. */
  readonly ports?: readonly ClaimedPort[];
  /** The signal on which it reads its configuration again. */
  readonly reloadSignal?: NodeJS.Signals;
  /** How long a start may take until `ready`. */
  readonly readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number;
}

export interface ChildOptions {
  /** Where the record of the running process is kept. */
  readonly directory: string;
  readonly logger: Logger;
  readonly backoff?: BackoffSettings;
}

/** A child could not be started; the message has what it said last. */
export class ChildStartError extends Error {
  override readonly name = "ChildStartError";
}

const READY_INTERVAL_MS = 50;

/**
 * One supervised child process, in a process group of its own, so that a terminal's Ctrl-C does not reach it before us
 * and nothing that it started stays behind.
 */
export class Child implements AsyncDisposable {
  readonly #spec: ChildSpec;
  readonly #logger: Logger;
  readonly #record: string;
  readonly #life: ProcessLife;
  readonly #stop = new AbortController();
  #running: SpawnedChild | undefined;
  /** Start and supervision; resolves when nothing runs any more. */
  #work: Promise<void> = Promise.resolve();

  constructor(spec: ChildSpec, options: ChildOptions) {
    this.#spec = spec;
    this.#logger = options.logger.room(spec.name);
    this.#record = childRecordFile(options.directory, spec.name);
    this.#life = new ProcessLife(options.backoff ?? DEFAULT_BACKOFF);
  }

  get name(): string {
    return this.#spec.name;
  }

  get state(): ProcessState {
    return this.#life.state;
  }

  /** How often it ended without being asked to. */
  get ends(): number {
    return this.#life.ends;
  }

  /** `state` with the new and the former state. */
  get events(): ProcessLife["events"] {
    return this.#life.events;
  }

  /**
   * Ends what an earlier run left behind, starts the child and resolves when it is ready. From then on it is restarted
   * whenever it ends, until it is disposed of. Throws {@link ChildStartError} or `PortUnavailableError` when this first
   * start fails; then nothing is left running. Once per instance.
   */
  async start(signal?: AbortSignal): Promise<void> {
    const first = this.#firstStart(
      signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]),
    );
    this.#work = first.then(
      (running) => this.#supervise(running),
      () => {},
    );
    await first;
  }

  /** Sends the reload signal; whether there was a process to send it to. */
  reload(): boolean {
    const { reloadSignal, name } = this.#spec;
    if (reloadSignal === undefined) throw new Error(`${name} has no reload signal`);
    return this.#running?.signal(reloadSignal) ?? false;
  }

  /** Stops it for good: SIGTERM, then SIGKILL for its whole group when the grace is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#work;
    this.#life.stopped();
  }

  async #firstStart(signal: AbortSignal): Promise<SpawnedChild> {
    if (await endOrphan(this.#record, this.#graceMs())) {
      this.#logger.warn("ended the process that an earlier run left behind");
    }
    try {
      return await this.#launch(signal);
    } catch (error) {
      this.#life.stopped();
      throw error;
    }
  }

  /** Keeps it running until it is told to stop, and then ends it. */
  async #supervise(first: SpawnedChild): Promise<void> {
    const stopped = aborted(this.#stop.signal);
    let running = first;
    for (;;) {
      const reason = await Promise.race([running.ended, stopped]);
      await this.#end();
      const next = reason === undefined ? undefined : await this.#restart(reason);
      if (next === undefined) return;
      running = next;
    }
  }

  /** Tries until it is ready again; undefined when it is told to stop instead. */
  async #restart(reason: string): Promise<SpawnedChild | undefined> {
    const { signal } = this.#stop;
    let why = reason;
    while (!signal.aborted) {
      const pause = this.#life.ended(why);
      this.#report(why, pause);
      await delay(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      try {
        return await this.#launch(signal);
      } catch (error) {
        why = errorMessage(error);
      }
    }
    return undefined;
  }

  /** Resolves when it is ready; leaves nothing running when it throws. */
  async #launch(signal: AbortSignal): Promise<SpawnedChild> {
    const { name, ports = [] } = this.#spec;
    await requireFreePorts(name, ports);
    signal.throwIfAborted();
    const running = await SpawnedChild.spawn(name, this.#spec, this.#record, quieter(this.#logger));
    this.#running = running;
    this.#life.starting(running.pid);
    try {
      await this.#becomeReady(running, signal);
    } catch (error) {
      await this.#end();
      throw error;
    }
    this.#life.live(running.pid, false);
    return running;
  }

  async #becomeReady(running: SpawnedChild, signal: AbortSignal): Promise<void> {
    const { name, readyTimeoutMs = 30_000 } = this.#spec;
    const timeout = AbortSignal.timeout(readyTimeoutMs);
    const both = AbortSignal.any([signal, timeout]);
    const ended = running.ended.then((words) => ({ words }));
    while (!(await this.#isReady(both))) {
      signal.throwIfAborted();
      if (timeout.aborted) {
        throw new ChildStartError(`${name} was not ready after ${readyTimeoutMs} ms${await running.lastWords()}`);
      }
      const pause = delay(READY_INTERVAL_MS, undefined, { signal: both }).catch(() => undefined);
      const end = await Promise.race([ended, pause]);
      if (end !== undefined)
        throw new ChildStartError(`${name} ${end.words} while it started${await running.lastWords()}`);
    }
  }

  async #isReady(signal: AbortSignal): Promise<boolean> {
    const { ready } = this.#spec;
    try {
      if (typeof ready !== "string") return await ready(signal);
      const response = await fetch(ready, { signal, redirect: "manual" });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  async #end(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const graceMs = this.#graceMs();
    if (this.#stop.signal.aborted) this.#life.draining(running.pid, graceMs);
    await running.end(graceMs);
    this.#running = undefined;
  }

  #report(reason: string, pause: number): void {
    const { state } = this.#life;
    const loop = state.state === "failed";
    this.#logger[loop ? "error" : "warn"](loop ? "ends again and again" : "ended by itself", {
      reason,
      attempt: "attempt" in state ? state.attempt : undefined,
      restartInMs: pause,
    });
  }

  #graceMs(): number {
    return this.#spec.graceMs ?? 10_000;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
