import { errorMessage } from "#lib/error-message.ts";
import { type Logger, silentLogger } from "#lib/log.ts";
import { Backoff, type BackoffLimits } from "#lib/backoff.ts";
import type { KubeClient, Selection } from "./client.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { isAborted, isExpired, isNotFound, KubeError, reasonOfError } from "./kube-error.ts";
import { Mirror, type MirrorEvent } from "./mirror.ts";
import { resourceName, type ResourceType } from "./resource-type.ts";

export interface ReflectorOptions {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** What of the resource is followed; all of it unless given. */
  readonly selection?: Selection;
  readonly onEvent: (event: MirrorEvent) => void;
  readonly onState?: (state: ReflectorState) => void;
  /**
   * Resolves to true when a resource that the server does not have may be there in some moments; false where that cannot be known,
   * and it is looked for from time to time.
   */
  readonly comes?: (signal: AbortSignal) => Promise<boolean>;
  readonly log?: Logger;
  readonly times?: Partial<ReflectorTimes>;
  readonly clock?: Clock;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/** Milliseconds, except where seconds are said. */
export interface ReflectorTimes {
  readonly backoff: BackoffLimits;
  /** How often a resource is looked for that the server does not have, and of which nobody says when it comes. */
  readonly absent: number;
  /** After how long without a watch everything is listed anew instead of taking up the watch. */
  readonly relist: number;
  readonly watchSeconds: number;
  /** Silence after which a watch is cut whose server has shown that it sends bookmarks, which come each minute. */
  readonly bookmarkSilence: number;
}

const TIMES: ReflectorTimes = {
  backoff: { least: 250, most: 30_000 },
  absent: 10_000,
  relist: 60_000,
  watchSeconds: 290,
  bookmarkSilence: 150_000,
};

export interface ReflectorState {
  /**
   * `absent`: the server has no such resource, and it is looked for. `stale`: what was told before stands, but what changed since
   * is not known.
   */
  readonly state: "idle" | "syncing" | "absent" | "synced" | "stale";
  /** Milliseconds since the epoch: since when it is so. */
  readonly since: number;
  /** What went wrong last, while it still matters. */
  readonly error?: { readonly reason: string; readonly message: string };
  readonly objects: number;
}

/**
 * Follows one resource: lists it, then watches it from there, takes a watch up where it ended, and lists anew what was missed.
 * It tells what is different, never the same twice, and nothing is deleted because something cannot be asked. It tries for ever.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #times: ReflectorTimes;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #name: string;
  readonly #backoff: Backoff;
  readonly #mirror: Mirror;
  #state: ReflectorState;
  /** When a watch was last open; monotonic. */
  #heardAt = -Infinity;
  /** A watch is open, or was open when it failed. */
  #watching = false;
  /** How often a resource that was absent is looked for without waiting to be told. */
  #looks = 0;
  /** The server has sent bookmarks within a watch, and not only at its end. */
  #sendsBookmarks = false;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
    this.#name = resourceName(options.type);
    this.#backoff = new Backoff(this.#times.backoff, options.random);
    this.#mirror = new Mirror(options.onEvent);
    this.#state = { state: "idle", since: this.#clock.now(), objects: 0 };
  }

  state(): ReflectorState {
    return { ...this.#state, objects: this.#mirror.size };
  }

  /** Follows until the signal says stop. Rejects only when a callback throws. Runs once. */
  async run(signal: AbortSignal): Promise<void> {
    this.#become("syncing");
    while (!signal.aborted) {
      try {
        if (this.#mirror.version === undefined) await this.#list(signal);
        else await this.#watch(this.#mirror.version, signal);
      } catch (error) {
        if (signal.aborted || isAborted(error)) break;
        if (!(error instanceof KubeError)) throw error;
        await this.#failed(error, signal);
      }
    }
    this.#become("idle");
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type, selection } = this.#options;
    const list = await client.list(type, { ...selection, signal });
    this.#heardAt = this.#clock.monotonic();
    this.#mirror.replace(list);
    this.#become("synced");
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, type, selection } = this.#options;
    const { watchSeconds: timeoutSeconds, bookmarkSilence: silence } = this.#times;
    const started = this.#clock.monotonic();
    const hasLasted = (): boolean => this.#clock.monotonic() - started >= MIN_WATCH;
    let events = 0;
    let bookmarks = 0;
    const onOpen = (): void => {
      this.#watching = true;
      this.#become("synced");
    };
    const options = {
      ...selection,
      resourceVersion,
      timeoutSeconds,
      signal,
      onOpen,
      ...(this.#sendsBookmarks ? { silence } : {}),
    };
    try {
      for await (const event of client.watch(type, options)) {
        this.#mirror.take(event);
        this.#backoff.reset();
        events += 1;
        if (event.type === "BOOKMARK" && ++bookmarks > 1) this.#sendsBookmarks = true;
      }
    } finally {
      // One that ended at once and told nothing may have missed something.
      if (this.#watching && (events > 0 || hasLasted())) this.#heardAt = this.#clock.monotonic();
    }
    this.#watching = false;
    // A server that ends watches as soon as they begin is not asked as fast as it answers.
    if (hasLasted()) this.#backoff.reset();
    else {
      this.#forgetOld();
      await pause(this.#clock, this.#backoff.next(), signal);
    }
  }

  #forgetOld(): void {
    if (this.#clock.monotonic() - this.#heardAt > this.#times.relist) this.#mirror.forgetVersion();
  }

  async #failed(error: KubeError, signal: AbortSignal): Promise<void> {
    const wasWatching = this.#watching;
    this.#watching = false;
    if (isExpired(error) && this.#mirror.version !== undefined) {
      this.#log.info("resource version too old, listing anew", { resource: this.#name });
      this.#mirror.forgetVersion();
      await pause(this.#clock, this.#backoff.next(), signal);
      return;
    }
    // Every API server has the core group: what says that it has not is something else, such as a proxy before it.
    if (isNotFound(error) && this.#mirror.size === 0 && this.#options.type.group !== "") {
      this.#mirror.forgetVersion();
      this.#become("absent");
      await this.#untilItMayBe(signal);
      return;
    }
    // A watch that was open and ended is taken up again; only when that fails something is wrong.
    if (!wasWatching) this.#become(this.#mirror.hasListed ? "stale" : "syncing", error);
    // What the server itself said within a watch, it may say of that version for ever.
    if (wasWatching && error.code !== 0) this.#mirror.forgetVersion();
    this.#forgetOld();
    await pause(this.#clock, this.#backoff.next(error.retryAfter), signal);
  }

  /** What has just been defined is in force some moments later. */
  async #untilItMayBe(signal: AbortSignal): Promise<void> {
    const { comes } = this.#options;
    if (this.#looks > 0) {
      this.#looks -= 1;
      await pause(this.#clock, this.#backoff.next(), signal);
    } else if (comes !== undefined && (await comes(signal))) {
      this.#looks = LOOKS;
      this.#backoff.reset();
    } else await pause(this.#clock, this.#times.absent, signal);
  }

  #become(state: ReflectorState["state"], error?: KubeError): void {
    const before = this.#state;
    const why = error === undefined ? {} : { error: { reason: reasonOfError(error), message: errorMessage(error) } };
    const since = before.state === state ? before.since : this.#clock.now();
    this.#state = { state, since, objects: this.#mirror.size, ...why };
    if (before.state === state && before.error?.message === this.#state.error?.message) return;
    if (error !== undefined) this.#log.warn(`cannot follow ${this.#name}`, { state, reason: error.message });
    else if (before.state === "stale") this.#log.info(`following ${this.#name} again`);
    this.#options.onState?.(this.state());
  }
}

/** With the pauses in between some seconds. */
const LOOKS = 5;
/** A watch that lasted this long was one, in milliseconds. */
const MIN_WATCH = 1000;
