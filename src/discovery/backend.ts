import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { Problem } from "#lib/problem.ts";
import type { DiscoveryCache } from "./cache.ts";
import { DeletionGuard } from "./deletion-guard.ts";
import { type Difference, difference } from "./difference.ts";
import { type DiscoveredKey, discoveredKey, type DiscoveredService, isWithin } from "./discovered.ts";
import type {
  Discoverer,
  DiscoveryFailure,
  DiscoveryReport,
  DiscoveryState,
  FailureKind,
  FullSet,
  Platform,
} from "./discoverer.ts";
import type { Placer } from "./placer.ts";

export interface BackendOptions {
  readonly name: string;
  readonly discoverer: Discoverer;
  readonly placer: Placer;
  readonly cache: DiscoveryCache;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly observer?: BackendObserver;
  /** How long it has to be out of reach before its objects say so, in milliseconds: each of them is written for it. */
  readonly staleNotice?: number;
}

/** Told of what is counted as it happens. */
export interface BackendObserver {
  synced(backend: string, millis: number): void;
  failed(backend: string, kind: FailureKind): void;
}

const STALE_NOTICE = 30_000;

export interface BackendStatus {
  readonly name: string;
  readonly platform: Platform;
  readonly state: DiscoveryState;
  /** Milliseconds since the epoch: since when it is in this state. */
  readonly since: number;
  /** When it was last known to be in step; undefined when never. */
  readonly lastSync: number | undefined;
  readonly failure: DiscoveryFailure | undefined;
  /** Services that upstream no longer has, or has without endpoints, kept until somebody confirms. */
  readonly held: readonly DiscoveredKey[];
  /** What is wrong upstream with single things. */
  readonly problems: readonly Problem[];
  /** Somebody removed it, and this is when its endpoints have drained and nothing of it is here: milliseconds since the epoch. */
  readonly goneAt: number | undefined;
}

/**
 * One backend, whatever its platform: keeps what was told last, over failures and restarts; lets nothing vanish in a mass
 * without a word; and tells the placer the difference.
 */
export class Backend implements DiscoveryReport {
  readonly name: string;
  readonly #options: BackendOptions;
  /** What is placed: what upstream said, but for what is held. */
  readonly #applied = new Map<DiscoveredKey, DiscoveredService>();
  /** What upstream has, by its last word. */
  #reported: Map<DiscoveredKey, DiscoveredService>;
  readonly #guard = new DeletionGuard();
  #state: DiscoveryState = "idle";
  #since: number;
  #lastSync: number | undefined;
  #failure: DiscoveryFailure | undefined;
  #problems: readonly Problem[] = [];
  #goneAt: number | undefined;
  readonly #leave = new AbortController();
  #staleTimer: NodeJS.Timeout | undefined;
  #eraseTimer: NodeJS.Timeout | undefined;
  readonly #settled = Promise.withResolvers<void>();

  /** Places what is remembered from another life of this process. */
  constructor(options: BackendOptions) {
    const { name, cache, placer } = options;
    this.name = name;
    this.#options = options;
    this.#since = options.now();
    const { services, syncedAt, isRemoved } = cache.load(name);
    this.#lastSync = syncedAt;
    if (isRemoved) this.#goneAt = options.now();
    // A removal that our end interrupted is completed.
    if (isRemoved) {
      placer.place(name, [], services);
      cache.save(name, [], services);
    } else for (const service of services) this.#applied.set(discoveredKey(service), service);
    this.#reported = new Map(this.#applied);
    if (this.#applied.size > 0) placer.place(name, services, []);
  }

  /** Resolves once the platform has answered or failed for the first time. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  status(): BackendStatus {
    return {
      name: this.name,
      platform: this.#options.discoverer.platform,
      state: this.#state,
      since: this.#since,
      lastSync: this.#lastSync,
      failure: this.#failure,
      held: [...this.#guard.held].sort(),
      problems: this.#problems,
      goneAt: this.#goneAt,
    };
  }

  /** What is placed or waits to be: the services as they are here. */
  applied(): IterableIterator<DiscoveredService> {
    return this.#applied.values();
  }

  /** What upstream has, by its last word. */
  reported(): IterableIterator<DiscoveredService> {
    return this.#reported.values();
  }

  /** Follows the platform until `signal`, or until it is removed. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#goneAt !== undefined) {
      this.#settled.resolve();
      return;
    }
    signal.addEventListener("abort", () => clearTimeout(this.#eraseTimer), { once: true });
    const until = AbortSignal.any([signal, this.#leave.signal]);
    this.#enter("syncing");
    try {
      await this.#options.discoverer.run(this, until);
    } catch (error) {
      // Against its contract: what it said goes on all the same.
      this.failed({ kind: "invalid", message: `discovery ended: ${errorMessage(error)}`, fix: "restart Binnacle" });
    } finally {
      clearTimeout(this.#staleTimer);
      this.#settled.resolve();
      if (until.aborted) this.#enter("idle");
    }
  }

  full({ services, unread, millis }: FullSet): void {
    const silent = new Set(unread);
    const reported = new Map([...this.#reported].filter(([, { scope }]) => isWithin(scope, silent)));
    const told = new Set<DiscoveredKey>();
    for (const service of services) {
      const key = discoveredKey(service);
      // Of two with one key the first is meant. What is told counts also where the rest of its scope was not read.
      if (!told.has(key)) reported.set(key, service);
      told.add(key);
    }
    this.#reported = reported;
    this.#apply(difference(this.#applied, services, unread));
    if (unread.length === 0) this.#options.placer.whole?.(this.name);
    this.#options.observer?.synced(this.name, millis);
    this.inStep();
  }

  changed(upserts: readonly DiscoveredService[], removals: readonly DiscoveredKey[]): void {
    const before = new Map<DiscoveredKey, DiscoveredService>();
    for (const key of [...removals, ...upserts.map(discoveredKey)]) {
      const applied = this.#applied.get(key);
      if (applied !== undefined) before.set(key, applied);
    }
    for (const key of removals) this.#reported.delete(key);
    for (const service of upserts) this.#reported.set(discoveredKey(service), service);
    this.#apply(difference(before, upserts, []));
    this.inStep();
  }

  inStep(): void {
    const { cache, now, log } = this.#options;
    this.#lastSync = now();
    cache.inStep(this.name, this.#lastSync);
    if (this.#state === "synced") return;
    log.info("backend in step", { backend: this.name, services: this.#applied.size });
    this.#failure = undefined;
    this.#enter("synced");
    this.#settled.resolve();
  }

  failed(failure: DiscoveryFailure): void {
    const { observer, log } = this.#options;
    observer?.failed(this.name, failure.kind);
    if (failure.message !== this.#failure?.message)
      log.warn(failure.message, { backend: this.name, kind: failure.kind });
    this.#failure = failure;
    const state = this.#lastSync === undefined ? "failed" : "stale";
    if (this.#state !== state) this.#enter(state);
    this.#settled.resolve();
  }

  problems(problems: readonly Problem[]): void {
    this.#problems = problems;
  }

  /** Lets what is held take effect, all or `only` these, because somebody said so. Returns how many services that were. */
  confirm(by: string, only?: ReadonlySet<DiscoveredKey>): number {
    const keys = this.#guard.release(only);
    const upserts = keys.flatMap((key) => this.#reported.get(key) ?? []);
    const removals = keys.flatMap((key) => (this.#reported.has(key) ? [] : (this.#applied.get(key) ?? [])));
    this.#commit({ upserts, removals });
    this.#options.log.warn("mass deletion confirmed", { backend: this.name, services: keys.length, by });
    return keys.length;
  }

  /**
   * Follows it no more, because somebody said so: its endpoints take no new traffic while others can, for `drain`
   * milliseconds; then nothing of it is here. A process that ends before completes it when it starts again. Returns when it
   * is complete, in milliseconds since the epoch; of a removal that is under way, when that is.
   */
  remove(drain: number, by: string): number {
    if (this.#goneAt !== undefined) return this.#goneAt;
    const { log, cache, placer, now } = this.#options;
    log.warn("backend removed", { backend: this.name, services: this.#applied.size, drainMillis: drain, by });
    this.#goneAt = now() + drain;
    this.#leave.abort();
    cache.markRemoved(this.name, true);
    placer.place(this.name, [...this.#applied.values()].map(draining), []);
    this.#eraseTimer = setTimeout(() => this.#erase(), drain).unref();
    return this.#goneAt;
  }

  #erase(): void {
    this.#guard.release();
    this.#reported.clear();
    this.#commit({ upserts: [], removals: [...this.#applied.values()] });
    this.#options.log.info("nothing of a removed backend is left", { backend: this.name });
  }

  #apply(wanted: Difference): void {
    const { log, now } = this.#options;
    const before = this.#guard.held.size;
    const passed = this.#guard.pass(this.#applied, this.#reported, wanted, now());
    const held = this.#guard.held.size;
    if (held > before) {
      log.warn("mass deletion held: confirm it with `binnacle backends confirm`, or bring the services back", {
        backend: this.name,
        held,
        services: this.#applied.size,
      });
    }
    this.#commit(passed);
  }

  #commit({ upserts, removals }: Difference): void {
    if (upserts.length + removals.length === 0) return;
    for (const service of removals) this.#applied.delete(discoveredKey(service));
    for (const service of upserts) this.#applied.set(discoveredKey(service), service);
    this.#options.placer.place(this.name, upserts, removals);
    this.#options.cache.save(this.name, upserts, removals);
  }

  #enter(state: DiscoveryState): void {
    const { placer, name, now, staleNotice = STALE_NOTICE } = this.#options;
    this.#state = state;
    this.#since = now();
    clearTimeout(this.#staleTimer);
    if (state === "synced") placer.markStale(name, undefined);
    if (state !== "stale") return;
    const since = this.#lastSync;
    this.#staleTimer = setTimeout(() => placer.markStale(name, since), staleNotice).unref();
  }
}

/** Serving and terminating: Envoy sends it new requests only when nobody else is left, and lets the others end. */
function draining(service: DiscoveredService): DiscoveredService {
  return {
    ...service,
    endpoints: service.endpoints.map((group) => ({
      ...group,
      endpoints: group.endpoints.map((endpoint) => ({
        ...endpoint,
        ready: false,
        serving: endpoint.serving,
        terminating: true,
      })),
    })),
  };
}
