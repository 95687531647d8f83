import type { KubeClient } from "#kubernetes/client.ts";
import { type Clock, systemClock } from "#kubernetes/clock.ts";
import { isAborted, isConflict, isUnavailable, reasonOfError } from "#kubernetes/kube-error.ts";
import type { Duty, Term } from "#kubernetes/leadership.ts";
import type { RateLimiter } from "#kubernetes/rate-limit.ts";
import type { KubeObject } from "#kubernetes/resource-type.ts";
import { TermWriter } from "#kubernetes/term-writer.ts";
import { type QueueState, WorkQueue } from "#kubernetes/work-queue.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "../discovered.ts";
import { nameTaken, type Placer, type PlacingLag } from "../placer.ts";
import type { TakenOver } from "../taken-over.ts";
import { Claims } from "./claims.ts";
import { Damper } from "./damper.ts";
import { type HomeName, HomeModel, homeName } from "./home-model.ts";
import { HomeWork } from "./home-work.ts";

export interface PlacedBackend {
  readonly takenOver: TakenOver;
  /** Whether namespaces of teams that are missing are made. */
  readonly createNamespaces: boolean;
}

export interface ClusterPlacerOptions {
  readonly client: KubeClient;
  /** What all writes of this control plane share. */
  readonly limiter: RateLimiter;
  readonly settingsOf: (backend: string) => PlacedBackend;
  readonly log: Logger;
  /** Told of each write: whether it was taken. */
  readonly onWrite?: (result: "ok" | "conflict" | "error") => void;
  readonly clock?: Clock;
}

const PARALLEL = 8;

/**
 * The placer of the cluster home: writes Services and EndpointSlices into the teams' namespaces by the home's API, while this
 * control plane leads. What is wanted is compared with what stands there, at each change of either: so what somebody changed
 * or deleted by hand, or while nobody looked, is put right. Written is by PUT over the state that was seen, which every
 * server takes and which leaves nothing in the object that is not ours.
 */
export class ClusterPlacer implements Placer, Duty {
  readonly model = new HomeModel();
  readonly #options: ClusterPlacerOptions;
  readonly #claims = new Claims();
  readonly #stale = new Map<string, number>();
  /** Backends of which everything was told: what else carries their label is a left-over. */
  readonly #whole = new Set<string>();
  /** What was taken away in words, and so may go before its backend is whole. */
  readonly #doomed = new Set<string>();
  readonly #damper: Damper<HomeName>;
  #queue: WorkQueue<HomeName> | undefined;

  constructor(options: ClusterPlacerOptions) {
    this.#options = options;
    this.#damper = new Damper(options.clock ?? systemClock);
  }

  /**
   * What the home's API says of an object.
   *
   * @param isListed it was listed just now: it counts, whatever is known of later versions
   */
  observe(ref: ObjectRef, object: KubeObject | undefined, valid: Resource | undefined, isListed = false): void {
    if (ref.kind === "Namespace") {
      if (this.model.seeNamespace(ref.name, object)) this.#addAllOf(ref.name);
      return;
    }
    if (ref.kind !== "Service" && ref.kind !== "EndpointSlice") return;
    const usable = valid?.kind === "Service" || valid?.kind === "EndpointSlice" ? valid : undefined;
    const touched = object === undefined ? this.model.gone(ref) : this.model.see(ref, object, usable, isListed);
    for (const home of touched) {
      // Of somebody else's objects only those matter whose name we want.
      const concerns = this.model.at(home).length > 0 || this.#claims.at(home).length > 0;
      if (!concerns || this.#queue === undefined) continue;
      // While we write to it ourselves, this is probably the echo.
      this.#queue.add(home, this.#queue.works(home) ? 0 : this.#damper.next(home));
    }
  }

  place(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void {
    for (const upstream of removals) {
      if (!this.#whole.has(backend)) this.#doomed.add(doom(backend, discoveredKey(upstream)));
      this.#add(this.#claims.remove(backend, upstream));
    }
    for (const upstream of upserts) {
      this.#doomed.delete(doom(backend, discoveredKey(upstream)));
      this.#add(this.#claims.upsert(backend, upstream));
    }
  }

  whole(backend: string): void {
    if (this.#whole.has(backend)) return;
    this.#whole.add(backend);
    for (const doomed of this.#doomed) if (doomed.startsWith(doom(backend, ""))) this.#doomed.delete(doomed);
    for (const home of this.model.discovered()) {
      if (this.model.at(home).some((object) => object.backend === backend)) this.#add(home);
    }
  }

  markStale(backend: string, since: number | undefined): void {
    if (this.#stale.get(backend) === since) return;
    if (since === undefined) this.#stale.delete(backend);
    else this.#stale.set(backend, since);
    for (const { home, claim, holder } of this.#claims.of(backend)) if (claim === holder) this.#add(home);
  }

  unplaced(backend: string): ReadonlyMap<DiscoveredKey, readonly Problem[]> {
    const found = new Map<DiscoveredKey, readonly Problem[]>();
    for (const { claim, holder, home } of this.#claims.of(backend)) {
      const problems = claim === holder ? claim.problems : [behind(claim.upstream.namespace, home, holder)];
      if (problems.length > 0) found.set(claim.key, problems);
    }
    return found;
  }

  lag(backend: string): PlacingLag {
    const waits = this.#queue?.waits();
    let waiting = 0;
    let oldest: number | undefined;
    for (const { home, claim, holder } of waits === undefined ? [] : this.#claims.of(backend)) {
      const since = claim === holder ? waits?.get(home) : undefined;
      if (since === undefined) continue;
      waiting++;
      if (oldest === undefined || since < oldest) oldest = since;
    }
    return { waiting, oldest };
  }

  /** Of all backends together. */
  state(): QueueState {
    return this.#queue?.state() ?? { waiting: 0, oldest: undefined };
  }

  async lead(term: Term): Promise<void> {
    const { client, limiter, clock } = this.#options;
    const work = new HomeWork({
      model: this.model,
      claims: this.#claims,
      writer: new TermWriter(client, limiter, term),
      settingsOf: this.#options.settingsOf,
      staleSince: (backend) => this.#stale.get(backend),
      isLeftOver: (backend, key) =>
        this.#whole.has(backend) || (key !== undefined && this.#doomed.has(doom(backend, key))),
      onWrite: () => this.#options.onWrite?.("ok"),
    });
    const queue = new WorkQueue<HomeName>({
      work: (home) => work.do(home),
      onFailure: (home, error) => this.#failed(home, error),
      parallel: PARALLEL,
      ...(clock === undefined ? {} : { clock }),
    });
    this.#queue = queue;
    for (const home of [...new Set([...this.#claims.homes(), ...this.model.discovered()])].sort()) queue.add(home);
    await queue.run(term.signal);
    this.#queue = undefined;
  }

  #add(home: HomeName): void {
    this.#queue?.add(home);
  }

  #addAllOf(namespace: string): void {
    for (const home of this.#claims.homes()) if (home.startsWith(`${namespace}/`)) this.#add(home);
  }

  #failed(home: HomeName, error: unknown): void {
    if (isAborted(error)) return;
    this.#options.onWrite?.(isConflict(error) ? "conflict" : "error");
    if (isConflict(error) || isUnavailable(error)) return;
    const [holder] = this.#claims.at(home);
    const problem = refusedByHome(home, error);
    const isNews = holder?.problems[0]?.message !== problem.message;
    if (holder !== undefined) holder.problems = [problem];
    if (isNews) this.#options.log.warn(problem.message, { reason: reasonOfError(error) });
  }
}

function doom(backend: string, key: DiscoveredKey | ""): string {
  return `${backend}/${key}`;
}

function behind(namespace: string, home: HomeName, holder: { backend: string; key: DiscoveredKey }): Problem {
  const name = home.slice(homeName(namespace, "").length);
  return nameTaken("Service", namespace, name, `${holder.key} of backend ${holder.backend}`);
}

function refusedByHome(home: HomeName, error: unknown): Problem {
  return {
    severity: "error",
    path: "",
    message: `Service ${home} cannot be written as it should be: ${errorMessage(error)}`,
    fix: "correct what the API server says, upstream or in the rules of this cluster; it is tried again by itself",
  };
}
