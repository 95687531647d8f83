import { errorMessage } from "#lib/error-message.ts";
import { type Logger, silentLogger } from "#lib/log.ts";
import { isMap } from "#lib/schema-rules.ts";
import type { KubeClient } from "./client.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { isAlreadyExists, isConflict, isNotFound, KubeError } from "./kube-error.ts";
import type { KubeObject } from "./resource-type.ts";
import { LEASES } from "./resource-types.ts";

export interface LeaderOptions {
  readonly client: KubeClient;
  /** The Lease that all candidates share. */
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Different for each candidate. */
  readonly identity: string;
  /** Whether this one leads changed. */
  readonly onChange?: (leads: boolean) => void;
  readonly log?: Logger;
  readonly times?: Partial<LeaderTimes>;
  readonly clock?: Clock;
}

/** Milliseconds. A leader that is killed is followed by another after `duration` and one `retry` at most. */
export interface LeaderTimes {
  /** How long the others wait for a leader that says nothing. */
  readonly duration: number;
  /** How long a leader goes on without a renewal; shorter, so that it ends before another begins. */
  readonly renewDeadline: number;
  readonly retry: number;
}

const TIMES: LeaderTimes = { duration: 10_000, renewDeadline: 7000, retry: 2000 };

/**
 * One of the candidates for a Lease (coordination.k8s.io/v1), as client-go's leaderelection. Times are measured by this machine's
 * monotonic clock alone: a lease of another has run out when it has been seen unchanged for its duration, whatever its timestamps
 * say. A Lease does not fence: who writes asks {@link leads} before each write.
 */
export class LeaderElection {
  readonly #options: LeaderOptions;
  readonly #times: LeaderTimes;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Monotonic: until when this one leads unless it renews. */
  #until = -Infinity;
  #told = false;
  #failure: string | undefined;
  #cancelEnd: (() => void) | undefined;
  /** The Lease as it was seen last, and since when (monotonic) it says so. */
  #seen: { readonly lease: KubeObject; readonly since: number } | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLogger;
  }

  /** Whether this one may write now. True after a long pause of the process only if its time has not run out meanwhile. */
  get leads(): boolean {
    return this.remaining > 0;
  }

  /** Milliseconds for which it surely leads: the most that a write may take. */
  get remaining(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  /** Who holds the Lease, as it was seen last; empty when nobody does. */
  get holder(): string {
    return textOf(specOf(this.#seen?.lease)["holderIdentity"]);
  }

  /** Stands for election until the signal says stop, then gives the Lease back. Runs once. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const started = this.#clock.monotonic();
      try {
        if (await this.#hold(signal)) this.#leadUntil(started + this.#times.renewDeadline);
        else this.#leadUntil(-Infinity);
        this.#failure = undefined;
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof KubeError)) throw error;
        // Whoever leads goes on until its deadline.
        this.#failed(errorMessage(error));
      }
      await pause(this.#clock, this.#times.retry, signal);
    }
    await this.#release();
  }

  /** The same again is no news: it is tried every other second. */
  #failed(reason: string): void {
    if (reason !== this.#failure) this.#log.warn("cannot renew the lease", { reason, leads: this.leads });
    this.#failure = reason;
  }

  /** Takes or renews the Lease. False while another holds it. */
  async #hold(signal: AbortSignal): Promise<boolean> {
    const { client, lease: name, identity } = this.#options;
    const options = { signal, timeout: this.#times.renewDeadline / 2 };
    try {
      if (!this.leads || this.#seen === undefined) this.#see(await client.get(LEASES, name, options));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#seen = undefined;
    }
    try {
      if (this.#seen === undefined) {
        this.#see(await client.create(LEASES, { metadata: name, spec: this.#spec({}) }, options));
        return true;
      }
      const { lease, since } = this.#seen;
      const spec = specOf(lease);
      const isFree = this.holder === "" || this.holder === identity;
      const duration = Number(spec["leaseDurationSeconds"] ?? 0) * 1000;
      if (!isFree && this.#clock.monotonic() - since < duration) return false;
      this.#see(await client.replace(LEASES, { ...lease, spec: this.#spec(spec) }, options));
      return true;
    } catch (error) {
      // Another was faster, or a renewal of our own whose answer was lost.
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      const lease = await client.get(LEASES, name, options);
      this.#see(lease);
      if (this.holder !== identity) return false;
      this.#see(await client.replace(LEASES, { ...lease, spec: this.#spec(specOf(lease)) }, options));
      return true;
    }
  }

  #see(lease: KubeObject): void {
    const same = this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion;
    this.#seen = { lease, since: same && this.#seen !== undefined ? this.#seen.since : this.#clock.monotonic() };
  }

  #spec(before: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { identity } = this.#options;
    const now = microTime(this.#clock.now());
    const isMine = before["holderIdentity"] === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#times.duration / 1000),
      acquireTime: isMine ? before["acquireTime"] : now,
      renewTime: now,
      leaseTransitions: Number(before["leaseTransitions"] ?? 0) + (isMine ? 0 : 1),
    };
  }

  #leadUntil(until: number): void {
    this.#until = until;
    this.#tell();
  }

  #tell(): void {
    this.#cancelEnd?.();
    // A timer may fire a moment before its time: then there is another for the rest.
    if (this.leads) this.#cancelEnd = this.#clock.schedule(() => this.#tell(), Math.ceil(this.remaining));
    if (this.leads === this.#told) return;
    this.#told = this.leads;
    this.#log.info(this.leads ? "leads from now on" : "leads no more", { holder: this.holder });
    this.#options.onChange?.(this.leads);
  }

  /** So that the next one need not wait. */
  async #release(): Promise<void> {
    const { leads } = this;
    const seen = this.#seen;
    this.#leadUntil(-Infinity);
    if (!leads || seen === undefined) return;
    const spec = { ...specOf(seen.lease), holderIdentity: "", leaseDurationSeconds: 1 };
    const options = { signal: new AbortController().signal, timeout: this.#times.retry };
    await this.#options.client.replace(LEASES, { ...seen.lease, spec }, options).catch((error: unknown) => {
      this.#log.info("the lease was not given back and runs out", { reason: errorMessage(error) });
    });
  }
}

function specOf(lease: KubeObject | undefined): Readonly<Record<string, unknown>> {
  const spec = lease?.["spec"];
  return isMap(spec) ? spec : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Kubernetes' MicroTime. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000Z");
}
