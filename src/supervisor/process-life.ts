import { EventEmitter } from "node:events";
import { type BackoffSettings, backoffDelay, DEFAULT_BACKOFF } from "./backoff.ts";

/** Times are milliseconds since the epoch; `since` is when the state began. */
export type ProcessState =
  | { readonly state: "stopped"; readonly since: number }
  /** It runs and does not answer yet. */
  | { readonly state: "starting"; readonly pid: number; readonly since: number }
  /** `adopted`: it was running before us, and went on. */
  | { readonly state: "live"; readonly pid: number; readonly since: number; readonly adopted: boolean }
  /** It has been asked to stop and finishes what it has; at `until` it is made to. */
  | { readonly state: "draining"; readonly pid: number; readonly since: number; readonly until: number }
  /** It ended by itself; the next start is at `until`. */
  | ({ readonly state: "backoff" } & Waiting)
  /** A crash loop: it ended `attempt` times in a row. It is still tried again, at `until`. */
  | ({ readonly state: "failed" } & Waiting);

interface Waiting {
  readonly attempt: number;
  /** A start that fails before anything runs begins no new state. */
  readonly since: number;
  readonly until: number;
  readonly reason: string;
}

export interface ProcessLifeEvents {
  /** Each change: the new state, then the one before. */
  state: [ProcessState, ProcessState];
}

/** The state of one supervised process, and the only place where it changes. */
export class ProcessLife {
  readonly events = new EventEmitter<ProcessLifeEvents>();
  readonly #backoff: BackoffSettings;
  readonly #now: () => number;
  readonly #elapsed: () => number;
  /** When it became live, by the clock that nobody sets. */
  #liveAt = 0;
  #state: ProcessState;
  #attempt = 0;
  #ends = 0;

  /**
   * @param now milliseconds since the epoch
   * @param elapsed monotonic milliseconds
   */
  constructor(
    backoff: BackoffSettings = DEFAULT_BACKOFF,
    now: () => number = Date.now,
    elapsed: () => number = performance.now.bind(performance),
  ) {
    this.#backoff = backoff;
    this.#now = now;
    this.#elapsed = elapsed;
    this.#state = { state: "stopped", since: now() };
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** How often the process ended without being asked to. */
  get ends(): number {
    return this.#ends;
  }

  starting(pid: number): void {
    this.#move({ state: "starting", pid, since: this.#now() });
  }

  live(pid: number, adopted: boolean): void {
    if (this.#state.state === "live" && this.#state.pid === pid) return;
    this.#liveAt = this.#elapsed();
    this.#move({ state: "live", pid, since: this.#now(), adopted });
  }

  draining(pid: number, graceMs: number): void {
    const since = this.#now();
    this.#move({ state: "draining", pid, since, until: since + graceMs });
  }

  stopped(): void {
    if (this.#state.state !== "stopped") this.#move({ state: "stopped", since: this.#now() });
    this.#attempt = 0;
  }

  /** It ended without being asked to, or could not be started at all. Returns the milliseconds to wait before the next start. */
  ended(reason: string): number {
    const was = this.#state;
    this.#ends += 1;
    const stable = was.state === "live" && this.#elapsed() - this.#liveAt >= this.#backoff.stableMs;
    this.#attempt = stable ? 1 : this.#attempt + 1;
    const pause = backoffDelay(this.#attempt, this.#backoff);
    const state = this.#attempt >= this.#backoff.loopAfter ? "failed" : "backoff";
    const now = this.#now();
    const since = was.state === "backoff" || was.state === "failed" ? was.since : now;
    this.#move({ state, attempt: this.#attempt, since, until: now + pause, reason });
    return pause;
  }

  #move(next: ProcessState): void {
    const before = this.#state;
    this.#state = next;
    this.events.emit("state", next, before);
  }
}
