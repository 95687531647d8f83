import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { backoffDelay, DEFAULT_BACKOFF } from "#supervisor/backoff.ts";
import { privateDirectory } from "#supervisor/private-directory.ts";
import { endProcess, identify, isRunning } from "#supervisor/process-identity.ts";
import { buildHash } from "./build-hash.ts";
import { ControlPlaneSocket } from "./control-plane-socket.ts";
import { type SnapshotServerPlaces, snapshotServerPlaces } from "./places.ts";
import { readServerRecord, type ServerRecord, writeServerRecord } from "./server-record.ts";
import type { StandByOrder } from "./stand-by.ts";
import { GRACE_MS } from "./stop-snapshot-server.ts";

export interface SnapshotServerOptions {
  /** One that this process holds the lock of. */
  readonly stateDirectory: string;
  /** Node's program. */
  readonly node: string;
  readonly log: Logger;
}

const SCRIPT = fileURLToPath(new URL("main.ts", import.meta.url));
/** How long a snapshot server may take to find our socket. */
const GREETING_MS = 10_000;
const LOG_BYTES = 1024 * 1024;

/**
 * The snapshot server as its control plane sees it: it runs beside us, and outlives us. To dispose of this is to leave it
 * alone, upon which it takes over; {@link stop} ends it.
 */
export class SnapshotServerProcess implements AsyncDisposable {
  readonly #places: SnapshotServerPlaces;
  readonly #options: SnapshotServerOptions;
  readonly #build = buildHash();
  readonly #socket: ControlPlaneSocket;
  readonly #leave = new AbortController();
  #work: Promise<void> = Promise.resolve();

  private constructor(options: SnapshotServerOptions, places: SnapshotServerPlaces, socket: ControlPlaneSocket) {
    this.#options = options;
    this.#places = places;
    this.#socket = socket;
    socket.events.on("greeted", ({ pid, refusal }) => {
      const { log } = options;
      if (refusal === undefined) log.debug("the snapshot server stands by", { pid });
      else log.warn("the snapshot server could not stand in for us", { pid, reason: refusal });
    });
  }

  static async start(options: SnapshotServerOptions): Promise<SnapshotServerProcess> {
    const places = snapshotServerPlaces(options.stateDirectory);
    const socket = await ControlPlaneSocket.listen(places.controlPlaneSocket, options.log);
    const own = new SnapshotServerProcess(options, places, socket);
    await own.#bring();
    own.#work = own.#supervise();
    return own;
  }

  /** Of the one that stands by; undefined while none does. */
  get pid(): number | undefined {
    return this.#socket.standBy?.pid;
  }

  /** `serve`: it answers Envoy until we take the xDS socket, or tell it to rest. At first it rests, but goes on with what it does. */
  set order(order: StandByOrder) {
    this.#socket.order = order;
  }

  /** Ends the snapshot server, as part of a stop of the whole appliance. */
  async stop(): Promise<void> {
    this.#leave.abort();
    await this.#work;
    // What could not be written down has told us.
    const unrecorded = this.pid === undefined ? undefined : identify(this.pid);
    for (const running of [readServerRecord(this.#places.record), unrecorded]) {
      if (running !== undefined) await endProcess(running, GRACE_MS);
    }
    await this.#socket[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave.abort();
    await this.#work;
    await this.#socket[Symbol.asyncDispose]();
  }

  /** Starts another whenever it is gone. */
  async #supervise(): Promise<void> {
    const { signal } = this.#leave;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const since = performance.now();
      if (this.pid !== undefined) await once(this.#socket.events, "gone", { signal }).catch(() => {});
      if (performance.now() - since > DEFAULT_BACKOFF.stableMs) attempt = 1;
      await delay(backoffDelay(attempt, DEFAULT_BACKOFF), undefined, { signal }).catch(() => {});
      if (!signal.aborted) await this.#bring();
    }
  }

  /** Finds the one that runs, or starts one. Never fails: without it the appliance works as well, until it is gone. */
  async #bring(): Promise<void> {
    try {
      privateDirectory(this.#places.folder);
      if (await this.#adopt()) return;
      const ended = this.#spawn();
      if (await Promise.race([this.#isGreeted(), ended])) return;
      throw new Error(`it does not say that it stands by; see ${this.#places.log}`);
    } catch (error) {
      if (this.#leave.signal.aborted) return;
      this.#options.log.warn(
        "there is no snapshot server; an Envoy that starts while we are away gets no configuration",
        {
          error: errorMessage(error),
        },
      );
    }
  }

  /** Whether one of our build runs and has found us. What else runs is ended. */
  async #adopt(): Promise<boolean> {
    const running = readServerRecord(this.#places.record);
    if (running === undefined || !isRunning(running)) return false;
    if (running.build === this.#build && (await this.#isGreeted())) return true;
    this.#options.log.info("the snapshot server that runs is replaced", { pid: running.pid });
    await endProcess(running, GRACE_MS);
    return false;
  }

  /** Starts one. Resolves with false when it has ended. */
  #spawn(): Promise<false> {
    const { stateDirectory, node } = this.#options;
    const output = this.#openLog();
    try {
      const child = spawn(node, [SCRIPT, "--state", stateDirectory, "--build", this.#build], {
        detached: true,
        cwd: "/",
        // Nothing of ours is inherited.
        env: { NODE_COMPILE_CACHE: this.#moduleCache() },
        stdio: ["ignore", output ?? "ignore", output ?? "ignore"],
      });
      child.unref();
      const identity = child.pid === undefined ? undefined : identify(child.pid);
      // At once and without a pause, so that no death of ours leaves one that nobody knows of.
      if (identity !== undefined) this.#record({ ...identity, build: this.#build });
      return new Promise((resolve) => {
        child.once("exit", () => resolve(false)).once("error", () => resolve(false));
      });
    } finally {
      if (output !== undefined) closeSync(output);
    }
  }

  /** Undefined where it cannot be made, as on a full disk. */
  #openLog(): number | undefined {
    const { log } = this.#places;
    const isFull = (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES;
    try {
      return openSync(log, isFull ? "w" : "a", 0o600);
    } catch (error) {
      this.#options.log.warn("the snapshot server has no log", { error: errorMessage(error) });
      return undefined;
    }
  }

  #record(record: ServerRecord): void {
    try {
      writeServerRecord(this.#places.record, record);
    } catch {
      // It writes itself down once that is possible, and says so.
    }
  }

  /** The folder of this build's compiled modules. Those of other builds go. */
  #moduleCache(): string {
    const { cache } = this.#places;
    const own = join(cache, this.#build);
    if (!existsSync(own)) rmSync(cache, { recursive: true, force: true });
    return own;
  }

  async #isGreeted(): Promise<boolean> {
    if (this.pid !== undefined) return true;
    const signal = AbortSignal.any([this.#leave.signal, AbortSignal.timeout(GREETING_MS)]);
    return once(this.#socket.events, "greeted", { signal }).then(
      () => true,
      () => false,
    );
  }
}
