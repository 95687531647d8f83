import { Worker } from "node:worker_threads";
import { errorMessage } from "#lib/error-message.ts";
import type { Chunks } from "./admin-poller.ts";
import type { Logger } from "#lib/log.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { PinTarget } from "./messages.ts";
import type {
  AdminPage,
  Batch,
  FromReceiver,
  PageDiff,
  ReceiverSettings,
  ReceiverWorkerData,
  ToReceiver,
} from "./receiver-messages.ts";
import type { RouteShares } from "./request-load.ts";
import type { EnvoyReport } from "./totals-differ.ts";

export interface ReceiverOptions extends ReceiverSettings {
  readonly log: Logger;
  /** The thread's module; a test may have one that fails. */
  readonly module?: URL;
  onBatch(batch: Batch): void;
  /** What an Envoy on another machine counted, and its address. */
  onReport?(report: EnvoyReport, peer: string): void;
  onState(state: ReceiverState): void;
}

export type ReceiverState = "ready" | "down";

export interface ReceiverShares {
  readonly failures: number;
  readonly sample: number;
  readonly shown: number;
}

/** Milliseconds until a receiver that ended is started again: doubles from the first to the last. */
const RESTART_DELAY = { first: 100, last: 10_000 } as const;
/** Milliseconds of work after which a receiver counts as well. */
const WELL_AFTER = 30_000;
/** A kernel's limit for a Unix socket's path, without the closing zero. */
const LONGEST_SOCKET_PATH = 107;

type Worked =
  | { readonly type: "running"; readonly worker: Worker; readonly since: number; listening: boolean }
  | { readonly type: "waiting"; readonly timer: NodeJS.Timeout }
  | { readonly type: "ended" };

/** The receiver's thread from outside: it is started, started again when it fails, told the shares, asked for diffs. */
export class Receiver implements AsyncDisposable {
  readonly #options: ReceiverOptions;
  readonly #jobs = new Map<number, PromiseWithResolvers<PageDiff>>();
  readonly #listening = Promise.withResolvers<void>();
  #state: Worked;
  #shares: ReceiverShares = { failures: 1, sample: 1, shown: 1 };
  #routeShares: RouteShares = new Map();
  #pins: readonly PinTarget[] = [];
  #job = 0;
  #restarts = 0;
  #remotePort: number | undefined;
  #delay: number = RESTART_DELAY.first;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#state = this.#start();
  }

  /** Resolves when Envoy can connect. Throws when the path is too long for a socket, or the first start fails. */
  static async start(options: ReceiverOptions): Promise<Receiver> {
    const length = Buffer.byteLength(options.socketPath);
    if (length > LONGEST_SOCKET_PATH) {
      const fix = "choose a state directory with a shorter path";
      throw new Error(
        `${options.socketPath} is ${length} bytes long, a socket's path has at most ${LONGEST_SOCKET_PATH}; ${fix}`,
      );
    }
    const receiver = new Receiver(options);
    try {
      await receiver.#listening.promise;
    } catch (error) {
      await receiver[Symbol.asyncDispose]();
      throw error;
    }
    return receiver;
  }

  /** Times that it had to be started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Where Envoys on other machines send to; undefined when none may. */
  get remotePort(): number | undefined {
    return this.#remotePort;
  }

  get isReady(): boolean {
    return this.#state.type === "running" && this.#state.listening;
  }

  setShares(shares: ReceiverShares): void {
    this.#shares = shares;
    this.#tell({ type: "shares", ...shares });
  }

  setRouteShares(routeShares: RouteShares): void {
    this.#routeShares = routeShares;
    this.#tell({ type: "routeShares", routeShares });
  }

  setPins(pins: readonly PinTarget[]): void {
    this.#pins = pins;
    this.#tell({ type: "pins", pins });
  }

  /**
   * How a page of an Envoy's differs from the one before. The chunks are given away: they are empty afterwards. Rejects when
   * the page cannot be read, or when the receiver ends meanwhile; ask with `fresh` then.
   */
  async diff(page: AdminPage, envoy: string, chunks: Chunks, fresh: boolean): Promise<PageDiff> {
    if (!this.isReady) throw new Error("the receiver is not running");
    const job = ++this.#job;
    const done = Promise.withResolvers<PageDiff>();
    done.promise.catch(() => {});
    this.#jobs.set(job, done);
    this.#tell({ type: "page", job, page, envoy, fresh });
    try {
      for await (const chunk of chunks) {
        if (!this.#jobs.has(job)) break;
        // A part of a larger memory (Node's pool of small buffers) cannot be given away: others' bytes lie beside it.
        const own = chunk.byteLength === chunk.buffer.byteLength ? chunk : Uint8Array.from(chunk);
        this.#tell({ type: "chunk", job, bytes: own }, [own.buffer as ArrayBuffer]);
      }
      this.#tell({ type: "pageEnd", job });
    } catch (error) {
      this.#tell({ type: "pageLost", job });
      this.#take(job)?.reject(error);
    }
    return done.promise;
  }

  /** The Envoy's next report will be whole. */
  forgetReports(envoy: string): void {
    this.#tell({ type: "forget", envoy });
  }

  #tell(message: ToReceiver, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#state.type === "running") this.#state.worker.postMessage(message, [...transfer]);
  }

  #start(): Worked {
    const { socketPath, slowThreshold, keepQueryValues, rowsPerSecond, remote } = this.#options;
    const settings = { socketPath, slowThreshold, keepQueryValues, rowsPerSecond, remote };
    const workerData: ReceiverWorkerData = { ...settings, isFirst: this.#restarts === 0 };
    const worker = new Worker(this.#options.module ?? new URL("./receiver-worker.ts", import.meta.url), {
      workerData,
      name: "access-log",
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.on("message", (message: FromReceiver) => this.#receive(message));
    worker.on("error", (error) => this.#failed(errorMessage(error)));
    worker.on("exit", (code) => this.#failed(`it ended with code ${code}`));
    return { type: "running", worker, since: performance.now(), listening: false };
  }

  #receive(message: FromReceiver): void {
    switch (message.type) {
      case "listening":
        if (this.#state.type === "running") this.#state.listening = true;
        this.#remotePort = message.remotePort;
        this.setShares(this.#shares);
        this.setRouteShares(this.#routeShares);
        this.setPins(this.#pins);
        this.#listening.resolve();
        this.#options.onState("ready");
        return;
      case "batch":
        this.#tell({ type: "taken" });
        this.#options.onBatch(message.batch);
        return;
      case "report":
        this.#options.onReport?.(message.report, message.peer);
        return;
      case "log":
        this.#options.log[message.level](message.message, message.fields);
        return;
      case "differs":
        this.#take(message.job)?.resolve(message.diff);
        return;
      case "unreadable":
        this.#take(message.job)?.reject(new Error(message.message));
        return;
      default:
        unreachable(message);
    }
  }

  #take(job: number): PromiseWithResolvers<PageDiff> | undefined {
    const found = this.#jobs.get(job);
    this.#jobs.delete(job);
    return found;
  }

  /** An error is followed by an exit: the first of both counts. */
  #failed(reason: string): void {
    if (this.#state.type !== "running") return;
    const { since } = this.#state;
    const error = new Error(`the access-log receiver failed: ${reason}`);
    for (const job of this.#jobs.keys()) this.#take(job)?.reject(error);
    this.#listening.reject(error);
    this.#listening.promise.catch(() => {});
    if (performance.now() - since > WELL_AFTER) this.#delay = RESTART_DELAY.first;
    this.#restarts++;
    this.#options.log.error("the access-log receiver failed and is started again", { reason, in: this.#delay });
    const timer = setTimeout(() => {
      this.#state = this.#start();
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, RESTART_DELAY.last);
    this.#state = { type: "waiting", timer };
    this.#options.onState("down");
  }

  /** Stops listening and waits for the thread to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const state = this.#state;
    this.#tell({ type: "stop" });
    this.#state = { type: "ended" };
    if (state.type === "waiting") clearTimeout(state.timer);
    if (state.type !== "running") return;
    const exited = new Promise<void>((resolve) => {
      state.worker.once("exit", () => resolve());
    });
    // One that hangs is ended: what it still holds is a second of single requests.
    const hanging = setTimeout(() => void state.worker.terminate(), 2000);
    await exited;
    clearTimeout(hanging);
    for (const job of this.#jobs.keys()) this.#take(job)?.reject(new Error("the access-log receiver was stopped"));
  }
}
