import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { CounterReading } from "./counter-ledger.ts";
import type { BoardReading } from "./endpoint-board.ts";
import { CLUSTERS_PACE, COUNTERS_PACE, PollInterval, UNSEEN_INTERVAL } from "./poll-pace.ts";
import { PROCESS_PAGE, ProcessStart } from "./process-start.ts";
import type { AdminPage, PageDiff } from "./receiver-messages.ts";
import { countersFilter } from "./stream-counter.ts";

export interface EnvoySource {
  /** Its node id, as its log entries name it. */
  readonly id: string;
  /** GET of a path of its admin interface: the body as it comes. Rejects when it does not answer 200. */
  openAdmin(path: string, signal: AbortSignal): Promise<Chunks>;
}

/** A page of Envoy's; of 10,000 clusters it is 47 MB, so it is never held in one piece. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface PollerEvents {
  /** `from`, `to`: milliseconds since the epoch; the reading before, and this one. */
  onCounters(reading: CounterReading, from: number, to: number): void;
  onClusters(reading: BoardReading): void;
  /** Only when it changes. */
  onReachable(reachable: boolean): void;
  onRestart(): void;
}

export interface PollerOptions extends PollerEvents {
  readonly source: EnvoySource;
  readonly log: Logger;
  diff(page: AdminPage, envoy: string, chunks: Chunks, fresh: boolean): Promise<PageDiff>;
  /** Whether somebody looks at what is read. */
  isWatched(): boolean;
  /** Upstreams whose failing connections are asked for. */
  streamClusters?(): readonly string[];
  now(): number;
}

/**
 * The cheapest form for Envoy's main thread that is safe to read whatever a route is called: counters only, as JSON. Not
 * `usedonly`: after a sweep of idle statistics (see BootstrapSettings.evictIdleStats) that hides a counter until its next request,
 * which is told from one that was let go, and begins at 0, by its being there.
 */
const COUNTERS_PATH = "/stats?type=Counters&format=json&filter=";
/** As text: see {@link CLUSTERS_PACE}. */
const CLUSTERS_PATH = "/clusters";
/** Milliseconds until an answer that does not come is given up. */
const PATIENCE = 10_000;
/** Milliseconds until the next try when there was no answer. */
const RETRY = 1000;

/**
 * Reads one Envoy's counters and endpoints again and again, at a pace that it does not feel. The pages of one round belong to
 * one process: Envoy cannot end and begin again between two answers that follow each other at once.
 */
export class AdminPoller implements AsyncDisposable {
  readonly #options: PollerOptions;
  readonly #stop = new AbortController();
  readonly #counters = new PollInterval(COUNTERS_PACE);
  readonly #clusters = new PollInterval(CLUSTERS_PACE);
  readonly #done: Promise<void>;
  #reachable: boolean | undefined;
  readonly #process = new ProcessStart();
  /** What was handed on last is another process's. */
  readonly #restarted: Record<AdminPage, boolean> = { counters: false, clusters: false };
  /** What was read is not known to the differ, so everything differs. */
  readonly #fresh: Record<AdminPage, boolean> = { counters: true, clusters: true };
  #countersAt: number | undefined;
  #clustersAt = Number.NEGATIVE_INFINITY;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  get reachable(): boolean {
    return this.#reachable ?? false;
  }

  /** Milliseconds between two readings of the counters. */
  get interval(): number {
    return Math.max(this.#counters.interval, this.#options.isWatched() ? 0 : UNSEEN_INTERVAL);
  }

  /** The part of the time that Envoy's answers take: an upper bound of what they cost its main thread. */
  get cost(): number {
    return this.#counters.cost / this.interval + this.#clusters.cost / this.#clusters.interval;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const began = performance.now();
      const interval = (await this.#round()) ? this.interval : Math.max(RETRY, this.interval);
      await this.#pause(Math.max(0, began + interval - performance.now()));
    }
  }

  /** One reading of all that is due; false when Envoy did not answer. */
  async #round(): Promise<boolean> {
    const { log, source } = this.#options;
    try {
      await this.#readCounters();
      if (performance.now() >= this.#clustersAt + this.#clusters.interval) await this.#readClusters();
      this.#setReachable(true);
      return true;
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      if (this.#reachable !== false) {
        log.warn("Envoy's counters cannot be read", { envoy: source.id, error: errorMessage(error) });
      }
      this.#setReachable(false);
      return false;
    }
  }

  async #readCounters(): Promise<void> {
    const began = performance.now();
    this.#look(await this.#read(PROCESS_PAGE, async (chunks) => buffer(Readable.from(chunks))));
    const to = this.#options.now();
    const path = `${COUNTERS_PATH}${encodeURIComponent(countersFilter(this.#options.streamClusters?.() ?? []))}`;
    const page = await this.#diff("counters", path, () => this.#counters.add(performance.now() - began));
    if (page.page !== "counters") return;
    const { changed, gone } = page;
    const reading = { envoy: this.#options.source.id, restarted: this.#restarted.counters, changed, gone };
    this.#restarted.counters = false;
    this.#options.onCounters(reading, this.#countersAt ?? to, to);
    this.#countersAt = to;
  }

  async #readClusters(): Promise<void> {
    const began = performance.now();
    this.#clustersAt = began;
    const page = await this.#diff("clusters", CLUSTERS_PATH, () => this.#clusters.add(performance.now() - began));
    if (page.page !== "clusters") return;
    const { changed, gone } = page;
    const reading = { envoy: this.#options.source.id, restarted: this.#restarted.clusters, changed, gone };
    this.#restarted.clusters = false;
    this.#options.onClusters({ ...reading, at: this.#options.now() / 1000 });
  }

  async #diff(page: AdminPage, path: string, onEnd: () => void): Promise<PageDiff> {
    const { source } = this.#options;
    const fresh = this.#fresh[page];
    this.#fresh[page] = true;
    const found = await this.#read(path, (chunks) =>
      this.#options.diff(page, source.id, untilEnd(chunks, onEnd), fresh),
    );
    this.#fresh[page] = false;
    return found;
  }

  /** Finds out whether this is another process than the last time. */
  #look(processPage: Uint8Array): void {
    if (!this.#process.isAnother(processPage)) return;
    for (const page of ["counters", "clusters"] as const) {
      this.#fresh[page] = true;
      this.#restarted[page] = true;
    }
    this.#clustersAt = Number.NEGATIVE_INFINITY;
    this.#options.onRestart();
  }

  #setReachable(reachable: boolean): void {
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    this.#options.onReachable(reachable);
  }

  /** Rejects when the answer is not there to its end in time, and when polling is stopped. */
  async #read<T>(path: string, read: (chunks: Chunks) => Promise<T>): Promise<T> {
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const ended = new AbortController();
    const timer = setTimeout(() => reject(new Error(`${path} was not answered within ${PATIENCE} ms`)), PATIENCE);
    const stop = () => reject(new Error("polling was stopped"));
    this.#stop.signal.addEventListener("abort", stop);
    try {
      return await Promise.race([this.#options.source.openAdmin(path, ended.signal).then(read), givenUp]);
    } finally {
      clearTimeout(timer);
      this.#stop.signal.removeEventListener("abort", stop);
      ended.abort();
    }
  }

  /** Ends at once when polling is stopped. */
  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
    await over;
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

async function* untilEnd(chunks: Chunks, onEnd: () => void): AsyncGenerator<Uint8Array> {
  yield* chunks;
  onEnd();
}
