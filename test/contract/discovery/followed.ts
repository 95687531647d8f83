import { Backend, type BackendStatus } from "#discovery/backend.ts";
import { type DiscoveryCache, NoCache } from "#discovery/cache.ts";
import type { DiscoveredService } from "#discovery/discovered.ts";
import type { Discoverer, DiscoveryReport } from "#discovery/discoverer.ts";
import { canonicalJson } from "#lib/canonical.ts";
import { silentLogger } from "#lib/log.ts";
import { until } from "../../integration/support/until.ts";

/** Addresses by service. */
export type Services = Readonly<Record<string, readonly string[]>>;

export type Told =
  | { readonly call: "full" | "changed"; readonly services: readonly DiscoveredService[] }
  | { readonly call: "inStep" | "failed" | "problems" };

/** A platform as the appliance follows it: under a backend, with all that was told and placed written down. */
export class Followed implements AsyncDisposable {
  readonly told: Told[] = [];
  /** The services of each placing, by name. */
  readonly placed: (readonly string[])[] = [];
  readonly #backend: Backend;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(discoverer: Discoverer, cache: DiscoveryCache = new NoCache()) {
    let now = 0;
    this.#backend = new Backend({
      name: "east",
      // What the discoverer itself does is looked at, so nothing may hide a rejection.
      discoverer: {
        platform: discoverer.platform,
        run: (report, signal) => discoverer.run(this.#noting(report), signal),
      },
      placer: {
        place: (_backend, upserts) => this.placed.push(upserts.map(({ service }) => service)),
        markStale: () => {},
        unplaced: () => new Map(),
        lag: () => ({ waiting: 0, oldest: undefined }),
      },
      cache,
      log: silentLogger,
      now: () => ++now,
    });
    this.#run = this.#backend.run(this.#stop.signal);
  }

  get status(): BackendStatus {
    return this.#backend.status();
  }

  get settled(): Promise<void> {
    return this.#backend.settled;
  }

  get services(): readonly DiscoveredService[] {
    return [...this.#backend.applied()];
  }

  /** Addresses by service, sorted; what has none is left out. */
  get addresses(): Services {
    const found = this.services.map(({ service, endpoints }): [string, string[]] => [
      service,
      endpoints.flatMap((group) => group.endpoints.map(({ address }) => address)).sort(),
    ]);
    return Object.fromEntries(found.filter(([, addresses]) => addresses.length > 0));
  }

  async become(state: BackendStatus["state"]): Promise<void> {
    await until(() => this.status.state, { accept: (now) => now === state, what: `the state ${state}` });
  }

  async have(services: Services): Promise<void> {
    const wanted = canonicalJson(services);
    await until(() => this.addresses, { accept: (now) => canonicalJson(now) === wanted, what: wanted });
  }

  /** Says stop, and resolves when the discoverer has ended. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #noting(report: DiscoveryReport): DiscoveryReport {
    return {
      reported: () => report.reported(),
      full: (set) => {
        this.told.push({ call: "full", services: set.services });
        report.full(set);
      },
      changed: (upserts, removals) => {
        this.told.push({ call: "changed", services: upserts });
        report.changed(upserts, removals);
      },
      inStep: () => {
        this.told.push({ call: "inStep" });
        report.inStep();
      },
      failed: (failure) => {
        this.told.push({ call: "failed" });
        report.failed(failure);
      },
      problems: (problems) => {
        this.told.push({ call: "problems" });
        report.problems(problems);
      },
    };
  }
}
