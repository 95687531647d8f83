import { existsSync, type FSWatcher, watch } from "node:fs";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { type BackoffSettings, backoffDelay } from "#supervisor/backoff.ts";
import { isRunning, sameProcess } from "#supervisor/process-identity.ts";
import type { SnapshotServerPlaces } from "./places.ts";
import { readServerRecord, type ServerRecord, writeServerRecord } from "./server-record.ts";
import { ServingProcess } from "./serving-process.ts";
import { socketHolder } from "./socket-holder.ts";

/** What the snapshot server tells a control plane, as one line of JSON, when it has found it. */
export interface StandByGreeting {
  readonly pid: number;
  readonly build: string;
  /** Why it could not serve the archive when it was needed last. */
  readonly refusal?: string;
}

/** What a control plane tells it, as a line each: `serve` while it has nothing to say itself yet, else `rest`. */
export type StandByOrder = "serve" | "rest";

/** Without a control plane we look again this often, in case that the folder's events fail us. */
const LOOK_EVERY_MS = 5_000;
const BACKOFF: BackoffSettings = { baseMs: 500, maxMs: 30_000, stableMs: 10_000, loopAfter: 5 };

/**
 * Stands by while a control plane lives, and has the archive served while none does, or while that which does asks for it. Which
 * is the case is known by a connection that the kernel ends; that a control plane comes is known by its socket in the folder.
 *
 * A control plane is connected to before it takes the xDS socket, and while one is connected that has not asked for it the
 * socket is not touched. Should both move theirs to that path in the same moment all the same, the control plane finds its own
 * gone and makes it anew.
 */
export class StandBy {
  readonly #places: SnapshotServerPlaces;
  readonly #self: ServerRecord;
  readonly #log: Logger;
  readonly #watchers: FSWatcher[] = [];
  #wake = Promise.withResolvers<void>();
  #controlPlane: Socket | undefined;
  /** A control plane is there and has nothing to say yet. */
  #isAsked = false;
  /** A server that has the xDS socket without being known as a control plane. */
  #stranger: Socket | undefined;
  #isRecorded = false;
  #isUnrecordable = false;
  #serving: ServingProcess | undefined;
  #isReady = false;
  #isPlaced = false;
  #refusal: string | undefined;
  #attempts = 0;
  #startedAt = 0;
  /** Of performance.now(). */
  #notBefore = 0;

  constructor(places: SnapshotServerPlaces, self: ServerRecord, log: Logger) {
    this.#places = places;
    this.#self = self;
    this.#log = log;
  }

  /** Resolves when `signal` fires, or when this process is not the snapshot server of its state directory any more. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake.resolve();
    signal.addEventListener("abort", wake);
    for (const folder of [this.#places.folder, dirname(this.#places.xdsSocket)]) this.#watch(folder);
    try {
      while (!signal.aborted && this.#isOurs()) {
        this.#wake = Promise.withResolvers();
        await this.#look();
        await this.#nextEvent();
      }
      if (!signal.aborted) this.#log.info("this state directory has another snapshot server, or is gone: it ends");
    } finally {
      signal.removeEventListener("abort", wake);
      for (const watcher of this.#watchers) watcher.close();
      this.#controlPlane?.destroy();
      this.#stranger?.destroy();
      await this.#serving?.stop();
    }
  }

  get #isNeeded(): boolean {
    return this.#controlPlane === undefined || this.#isAsked;
  }

  /** Once written down, it is told by the record that another one was started. A full disk keeps it from nothing. */
  #isOurs(): boolean {
    const { record, folder } = this.#places;
    const known = readServerRecord(record);
    if (sameProcess(known, this.#self)) return (this.#isRecorded = true);
    if (this.#isRecorded || !existsSync(folder) || (known !== undefined && isRunning(known))) return false;
    try {
      writeServerRecord(record, this.#self);
      this.#isRecorded = true;
    } catch (error) {
      if (!this.#isUnrecordable) {
        this.#log.warn("it cannot be written down that this is the snapshot server", { error: errorMessage(error) });
      }
      this.#isUnrecordable = true;
    }
    return true;
  }

  /** Does what the situation asks for. Called after every event: it never waits for one itself. */
  async #look(): Promise<void> {
    await this.#findControlPlane();
    if (!this.#isNeeded) {
      // One that is starting has not taken the socket yet: until it does, it stays served.
      if (this.#serving?.isInPlace === false) await this.#stopServing("the control plane serves again");
      return;
    }
    if (this.#serving !== undefined) {
      if (this.#isPlaced && !this.#serving.isInPlace) await this.#stopServing("something else took the socket");
      else if (this.#isReady && !this.#isPlaced) await this.#place(this.#serving);
      return;
    }
    if (this.#refusal !== undefined || performance.now() < this.#notBefore) return;
    if (!(await this.#isHeldByStranger())) this.#serve();
  }

  /** Puts what is ready where Envoy looks for it. */
  async #place(serving: ServingProcess): Promise<void> {
    if (await this.#isHeldByStranger()) {
      await this.#stopServing("it is not needed");
      return;
    }
    // Between these two nothing else of this process runs.
    if (!this.#isNeeded || this.#serving !== serving) return;
    serving.place();
    this.#isPlaced = true;
    this.#log.info("serves the archive");
  }

  /** Whether a server has the xDS socket that has not said that it is a control plane. Its end wakes us. */
  async #isHeldByStranger(): Promise<boolean> {
    if (this.#stranger === undefined) {
      const found = await socketHolder(this.#places.xdsSocket);
      this.#stranger = this.#follow(found, () => (this.#stranger = undefined));
      if (this.#stranger !== undefined) this.#log.info("another server has the xDS socket");
    }
    return this.#stranger !== undefined;
  }

  async #findControlPlane(): Promise<void> {
    if (this.#controlPlane !== undefined) return;
    const found = await socketHolder(this.#places.controlPlaneSocket);
    this.#controlPlane = this.#follow(found, () => {
      this.#controlPlane = undefined;
      this.#isAsked = false;
      this.#refusal = undefined;
      this.#log.info("the control plane is gone");
    });
    if (this.#controlPlane === undefined) return;
    this.#stranger?.destroy();
    this.#controlPlane.setEncoding("utf8").on("data", (lines: string) => this.#obey(lines));
    const { pid, build } = this.#self;
    const refusal = this.#refusal;
    const greeting: StandByGreeting = { pid, build, ...(refusal === undefined ? {} : { refusal }) };
    this.#controlPlane.write(`${JSON.stringify(greeting)}\n`);
    this.#log.info("stands by for a control plane");
  }

  #obey(lines: string): void {
    // A line is one write of a few bytes, which comes whole.
    const isAsked = lines.trimEnd().endsWith("serve" satisfies StandByOrder);
    if (isAsked === this.#isAsked) return;
    this.#isAsked = isAsked;
    this.#log.info(isAsked ? "the control plane has nothing to say yet" : "the control plane needs nobody any more");
    if (!isAsked) this.#stranger?.destroy();
    this.#wake.resolve();
  }

  #follow(socket: Socket | undefined, onGone: () => void): Socket | undefined {
    if (socket === undefined || socket.destroyed) return undefined;
    socket.once("close", () => {
      onGone();
      this.#wake.resolve();
    });
    return socket;
  }

  #serve(): void {
    this.#isReady = false;
    this.#isPlaced = false;
    this.#startedAt = performance.now();
    const { archive, ownSocket, xdsSocket } = this.#places;
    this.#serving = new ServingProcess({
      archive,
      ownSocket,
      xdsSocket,
      onReport: (report) => {
        this.#isReady = report.type === "ready";
        if (report.type === "refused") {
          this.#refusal = report.reason;
          this.#log.error(report.reason);
        }
        this.#wake.resolve();
      },
      onEnd: (reason) => this.#onServingEnd(reason),
    });
  }

  #onServingEnd(reason: string | undefined): void {
    this.#serving = undefined;
    if (reason !== undefined && this.#refusal === undefined) {
      const now = performance.now();
      this.#attempts = now - this.#startedAt > BACKOFF.stableMs ? 1 : this.#attempts + 1;
      this.#notBefore = now + backoffDelay(this.#attempts, BACKOFF);
      this.#log.error("the process that serves the archive ended", { reason });
    }
    this.#wake.resolve();
  }

  async #stopServing(why: string): Promise<void> {
    this.#log.info(`serves no longer: ${why}`);
    await this.#serving?.stop();
  }

  /** While a control plane is there that needs nobody, nothing but an event wakes us. */
  async #nextEvent(): Promise<void> {
    const untilRetry = this.#notBefore - performance.now();
    const wait = untilRetry > 0 ? Math.min(untilRetry, LOOK_EVERY_MS) : LOOK_EVERY_MS;
    const timer = this.#isNeeded ? setTimeout(() => this.#wake.resolve(), wait) : undefined;
    await this.#wake.promise;
    clearTimeout(timer);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, () => this.#wake.resolve());
      watcher.on("error", (error) =>
        this.#log.warn("a folder is not watched any more", { folder, error: errorMessage(error) }),
      );
      this.#watchers.push(watcher);
    } catch (error) {
      this.#log.warn("a folder cannot be watched; changes are found every few seconds", {
        folder,
        error: errorMessage(error),
      });
    }
  }
}
