import { isDeepStrictEqual } from "node:util";
import { compareText } from "#lib/compare.ts";
import type { Origin, Problem } from "#lib/problem.ts";
import { type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import type { ObjectSink, SourceChange } from "#store/changes.ts";
import { type DesiredOptions, desiredObjects } from "./desired.ts";
import { type DiscoveredKey, discoveredKey, type DiscoveredService } from "./discovered.ts";
import { BACKEND_NAME, discoveredName } from "./names.ts";
import { nameTaken, type Placer, type PlacingLag } from "./placer.ts";
import type { TakenOver } from "./taken-over.ts";

/** A service that a backend wants here. The first that wants a name has it; the others wait for it. */
interface Claim {
  readonly backend: string;
  readonly key: DiscoveredKey;
  upstream: DiscoveredService;
  /** What was written last, by reference; empty while it waits or is invalid. */
  objects: ReadonlyMap<RefKey, Resource>;
  problems: readonly Problem[];
}

export interface StorePlacerOptions {
  readonly sink: ObjectSink;
  /** Where an object of the store comes from. */
  readonly originOf: (ref: ObjectRef) => Origin | undefined;
  /** What a backend takes over from upstream. */
  readonly takenOver: (backend: string) => TakenOver;
}

/**
 * The placer of the embedded mode: writes into the store. What the home's own source has, it keeps: a manifest takes a name
 * also from a discovered object, which comes back when the manifest goes.
 */
export class StorePlacer implements Placer {
  readonly #options: StorePlacerOptions;
  /** By the name of the Service here, `namespace/name`, in the order in which they came. */
  readonly #claims = new Map<string, Claim[]>();
  /** The claim that an object belongs to, of those that hold their names. */
  readonly #wanted = new Map<RefKey, Claim>();
  /** Objects of ours that the home's own source has. */
  readonly #displaced = new Set<RefKey>();
  readonly #stale = new Map<string, number>();
  /** What the home's own source writes to instead of the store, so that neither writes the other's objects. */
  readonly home: ObjectSink;

  constructor(options: StorePlacerOptions) {
    this.#options = options;
    this.home = {
      apply: (changes) => options.sink.apply(changes.map((change) => this.#besideHome(change))),
      refsFrom: (file) => options.sink.refsFrom(file),
    };
  }

  place(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void {
    const changes: SourceChange[] = [];
    for (const upstream of removals) this.#remove(backend, upstream, changes);
    for (const upstream of upserts) this.#upsert(backend, upstream, changes);
    this.#apply(changes);
  }

  markStale(backend: string, since: number | undefined): void {
    if (this.#stale.get(backend) === since) return;
    if (since === undefined) this.#stale.delete(backend);
    else this.#stale.set(backend, since);
    const changes: SourceChange[] = [];
    for (const [holder] of this.#claims.values()) if (holder?.backend === backend) this.#write(holder, changes);
    this.#apply(changes);
  }

  unplaced(backend: string): ReadonlyMap<DiscoveredKey, readonly Problem[]> {
    const found = new Map<DiscoveredKey, readonly Problem[]>();
    for (const claims of this.#claims.values()) {
      for (const claim of claims) {
        const problems = claim.backend === backend ? this.#problemsOf(claim, claims) : [];
        if (problems.length > 0) found.set(claim.key, problems);
      }
    }
    return found;
  }

  /** The store takes all at once. */
  lag(): PlacingLag {
    return { waiting: 0, oldest: undefined };
  }

  #upsert(backend: string, upstream: DiscoveredService, changes: SourceChange[]): void {
    const home = homeName(backend, upstream);
    const key = discoveredKey(upstream);
    const claims = this.#claims.get(home) ?? [];
    this.#claims.set(home, claims);
    let claim = claims.find((one) => one.backend === backend && one.key === key);
    if (claim === undefined) {
      claim = { backend, key, upstream, objects: new Map(), problems: [] };
      claims.push(claim);
    }
    claim.upstream = upstream;
    if (claims[0] === claim) this.#write(claim, changes);
  }

  #remove(backend: string, upstream: DiscoveredService, changes: SourceChange[]): void {
    const home = homeName(backend, upstream);
    const key = discoveredKey(upstream);
    const claims = this.#claims.get(home);
    const index = claims?.findIndex((one) => one.backend === backend && one.key === key) ?? -1;
    if (claims === undefined || index < 0) return;
    const [gone] = claims.splice(index, 1);
    if (gone !== undefined) this.#erase(gone, changes);
    const [next] = claims;
    if (next === undefined) this.#claims.delete(home);
    else if (index === 0) this.#write(next, changes);
  }

  #write(claim: Claim, changes: SourceChange[]): void {
    const { backend } = claim;
    const staleSince = this.#stale.get(backend);
    const options: DesiredOptions = {
      backend,
      takenOver: this.#options.takenOver(backend),
      ...(staleSince === undefined ? {} : { staleSince }),
    };
    const desired = desiredObjects(claim.upstream, options);
    const wasRefused = claim.problems.length > 0;
    claim.problems = "problems" in desired ? desired.problems : [];
    if ("problems" in desired) {
      // It is there and cannot be used: what was placed of it before goes on.
      const ref = serviceRef(backend, claim.upstream);
      this.#wanted.set(refKey(ref), claim);
      if (this.#isFree(ref))
        changes.push({ type: "refuse", ref, origin: originOf(backend), problems: desired.problems });
      return;
    }
    const before = claim.objects;
    claim.objects = new Map([desired.service, ...desired.slices].map((object) => [refKey(refOf(object)), object]));
    for (const [key, object] of before) if (!claim.objects.has(key)) this.#eraseObject(key, refOf(object), changes);
    for (const [key, object] of claim.objects) {
      const stands = this.#wanted.get(key) === claim && !wasRefused;
      this.#wanted.set(key, claim);
      if (stands && isDeepStrictEqual(before.get(key), object)) continue;
      if (this.#isFree(refOf(object))) changes.push({ type: "put", object, origin: originOf(backend) });
    }
  }

  #erase(claim: Claim, changes: SourceChange[]): void {
    const refs = new Map([...claim.objects].map(([key, object]) => [key, refOf(object)]));
    const service = serviceRef(claim.backend, claim.upstream);
    refs.set(refKey(service), service);
    for (const [key, ref] of refs) if (this.#wanted.get(key) === claim) this.#eraseObject(key, ref, changes);
  }

  #eraseObject(key: RefKey, ref: ObjectRef, changes: SourceChange[]): void {
    this.#wanted.delete(key);
    if (!this.#displaced.delete(key)) changes.push({ type: "delete", ref });
  }

  /** Whether the home's own source leaves us the name; if not, it is remembered. */
  #isFree(ref: ObjectRef): boolean {
    const origin = this.#options.originOf(ref);
    if (origin === undefined || isBackendOrigin(origin)) return true;
    this.#displaced.add(refKey(ref));
    return false;
  }

  /** What the home's own source says, with ours put back where it lets go of a name that we want. */
  #besideHome(change: SourceChange): SourceChange {
    const key = refKey(change.type === "put" ? refOf(change.object) : change.ref);
    const claim = this.#wanted.get(key);
    if (claim === undefined) return change;
    if (change.type !== "delete") {
      this.#displaced.add(key);
      return change;
    }
    this.#displaced.delete(key);
    const object = claim.objects.get(key);
    const origin = originOf(claim.backend);
    if (object !== undefined) return { type: "put", object, origin };
    return { type: "refuse", ref: change.ref, origin, problems: claim.problems };
  }

  #problemsOf(claim: Claim, claims: readonly Claim[]): readonly Problem[] {
    const { namespace } = claim.upstream;
    const name = discoveredName(claim.backend, claim.upstream.service);
    const [holder] = claims;
    if (holder !== undefined && holder !== claim)
      return [nameTaken("Service", namespace, name, `${holder.key} of backend ${holder.backend}`)];
    const taken = [...claim.objects.values()].map(refOf).filter((ref) => this.#displaced.has(refKey(ref)));
    return [
      ...claim.problems,
      ...taken.map((ref) =>
        nameTaken(ref.kind, ref.namespace, ref.name, `in ${this.#options.originOf(ref)?.file ?? "the home"}`),
      ),
    ];
  }

  #apply(changes: SourceChange[]): void {
    if (changes.length === 0) return;
    // A name that passes from one claim to another is deleted and put in the same change: the last word counts.
    const last = new Map(
      changes.map((change) => [refKey(change.type === "put" ? refOf(change.object) : change.ref), change]),
    );
    this.#options.sink.apply([...last].sort(([a], [b]) => compareText(a, b)).map(([, change]) => change));
  }
}

function homeName(backend: string, { namespace, service }: DiscoveredService): string {
  return `${namespace}/${discoveredName(backend, service)}`;
}

function serviceRef(backend: string, { namespace, service }: DiscoveredService): ObjectRef {
  return { kind: "Service", namespace, name: discoveredName(backend, service) };
}

const BACKEND_ORIGIN = "backend ";

function originOf(backend: string): Origin {
  return { file: `${BACKEND_ORIGIN}${backend}` };
}

/** A manifest's path is never like this: it has an extension. */
function isBackendOrigin({ file }: Origin): boolean {
  return file.startsWith(BACKEND_ORIGIN) && BACKEND_NAME.test(file.slice(BACKEND_ORIGIN.length));
}
