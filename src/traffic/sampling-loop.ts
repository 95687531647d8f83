import type { RequestLoad } from "./request-load.ts";
import {
  type Attention,
  nextShares,
  type OfferedLoad,
  samplingWords,
  type SamplingPolicy,
  type Shares,
  shownPart,
} from "./sampling.ts";

/** Entries a second while something is pinned: what the receiver keeps up with on half a core. */
const PINNED_BUDGET = 20_000;
/** Milliseconds over which what comes in is counted. */
const SPAN = 1000;
/** Milliseconds between two corrections upwards; downwards there is no waiting. */
const STEP = 1000;
/** Envoy's fractions are millionths: nothing comes in under less. */
const LEAST_SHARE = 1e-6;

const SHARES = ["failures", "sample", "latency"] as const satisfies readonly (keyof Shares)[];

/** Entries that came in together. */
interface Arrival {
  readonly at: number;
  readonly entries: number;
  /** Requests that they stand for. */
  readonly failures: number;
  readonly others: number;
}

/** Holds the shares that Envoy is told, and corrects them by what comes in. */
export class Sampling {
  readonly #policy: SamplingPolicy;
  readonly #tell: (shares: Shares, shown: number) => void;
  #shares: Shares;
  #shown = 1;
  #steppedAt = 0;
  #recent: readonly Arrival[] = [];
  /** Shares that entries may still have been sent under: those of now, and of a second before they changed. */
  #inForce: readonly { readonly shares: Shares; until: number }[] = [];

  constructor(policy: Omit<SamplingPolicy, "pinnedBudget">, tell: (shares: Shares, shown: number) => void) {
    this.#policy = { ...policy, pinnedBudget: PINNED_BUDGET };
    this.#tell = tell;
    this.#shares = { failures: 1, sample: policy.sampleShare, latency: 1 };
  }

  get shares(): Shares {
    return this.#shares;
  }

  /** Entries a second that come in. */
  get received(): number {
    return this.#recent.reduce((sum, { entries }) => sum + entries, 0);
  }

  get words(): string {
    return samplingWords({ failures: this.#shares.failures, sample: this.#shares.sample * this.#shown });
  }

  /** Says the shares again, for instance to an Envoy that is new. */
  tell(): void {
    this.#tell(this.#shares, this.#shown);
  }

  /** What came in; `now` in milliseconds. */
  add(now: number, { failures, sample }: { readonly failures: number; readonly sample: number }): void {
    this.#forget(now);
    // Of the shares that may have been in force the highest: else a share that was just lowered would make a flood of them.
    const possible = [this.#shares, ...this.#inForce.map(({ shares }) => shares)];
    const highest = (of: (shares: Shares) => number) => Math.max(LEAST_SHARE, ...possible.map(of));
    const arrival: Arrival = {
      at: now,
      entries: failures + sample,
      failures: failures / highest((shares) => shares.failures),
      others: sample / highest((shares) => shares.sample),
    };
    this.#recent = [...this.#recent, arrival];
  }

  /** Corrects the shares if that is worth it. */
  step(now: number, requests: RequestLoad, attention: Attention): void {
    this.#forget(now);
    const load = this.#load(requests);
    const pinned = attention === "pinned";
    const next = nextShares(this.#shares, load, this.#policy, attention);
    const rises = SHARES.some((share) => next[share] > this.#shares[share]);
    if (rises && !pinned && now - this.#steppedAt < STEP) return;
    const shown = pinned ? shownPart(next, load, this.#policy) : 1;
    if (next === this.#shares && Math.abs(shown - this.#shown) <= this.#shown / 10) return;
    this.#inForce = [...this.#inForce, { shares: this.#shares, until: now + SPAN }];
    this.#steppedAt = now;
    this.#shares = next;
    this.#shown = shown;
    this.tell();
  }

  /** The entries know a flood first, the counters know all of it: the higher is believed. */
  #load({ failed, loggable }: RequestLoad): OfferedLoad {
    const sum = (of: (arrival: Arrival) => number) => this.#recent.reduce((total, one) => total + of(one), 0);
    return {
      failures: Math.max(
        failed,
        sum((arrival) => arrival.failures),
      ),
      others: Math.max(
        loggable,
        sum((arrival) => arrival.others),
      ),
    };
  }

  #forget(now: number): void {
    // A clock that is set back leaves times that are still to come.
    this.#steppedAt = Math.min(this.#steppedAt, now);
    this.#recent = this.#recent.filter(({ at }) => at > now - SPAN && at <= now);
    this.#inForce = this.#inForce.filter(({ until }) => until > now && until <= now + SPAN);
  }
}
