import type { KubeClient } from "#kubernetes/client.ts";
import type { ReflectorTimes } from "#kubernetes/reflector.ts";
import { type KubeObject, resourceName } from "#kubernetes/resource-type.ts";
import { compareText } from "#lib/compare.ts";
import type { Logger } from "#lib/log.ts";
import { formatProblem, type Problem } from "#lib/problem.ts";
import { type Kind, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { SourceChange } from "#store/changes.ts";
import { breather } from "../breathe.ts";
import type { Source, SourceListener, SourceState } from "../source.ts";
import { ALWAYS_FOLLOWED, CUSTOM_KINDS, RESOURCE_TYPES } from "./followed-types.ts";
import { Follower } from "./follower.ts";
import { readObject } from "./read-object.ts";
import { type LastGood, type SecretGroup, splitSecretGroup, WantedSecrets } from "./wanted-secrets.ts";

export interface ClusterSourceOptions extends SourceListener {
  readonly client: KubeClient;
  readonly log: Logger;
  /**
   * Told of each object as it stands in the API, and of what that says to the sink, before the sink hears of it. What was listed
   * counts whatever its version: it may be earlier than a known one after the API server's data was restored.
   */
  readonly onRead?: (ref: ObjectRef, object: KubeObject | undefined, change: SourceChange, isListed: boolean) => void;
  /** Where the configuration itself names certificates: no object need refer to these. */
  readonly certificateNamespaces?: readonly string[];
  /** Asked for objects that are refused: what their last good form refers to is read, too. */
  readonly lastGood?: LastGood;
  readonly times?: Partial<ReflectorTimes>;
}

interface Pending {
  readonly ref: ObjectRef;
  readonly object: KubeObject | undefined;
  readonly isListed: boolean;
}

/** How long changes wait for the Secrets of a namespace that is referred to for the first time, in milliseconds. */
const LONGEST_SECRET_WAIT = 2000;

/**
 * A Kubernetes API as the source of objects. The sink hears of nothing before every kind has been listed; from then on an API
 * that cannot be reached, or that refuses, takes nothing away.
 */
export class ClusterSource implements Source {
  readonly #options: ClusterSourceOptions;
  readonly #always: Follower[] = [];
  /** While the server has no EndpointSlices. */
  #endpoints: Follower | undefined;
  readonly #secrets = new Map<SecretGroup, { readonly follower: Follower; readonly since: number }>();
  readonly #wantedSecrets: WantedSecrets;
  /** Told by the API and not read yet. */
  #pending = new Map<RefKey, Pending>();
  /** Read, and held back until the sink may have it. */
  readonly #held = new Map<RefKey, SourceChange>();
  /** What is under way of those that are dropped. */
  readonly #drops = new Set<Promise<void>>();
  #wake: () => void = () => {};
  #awake = false;
  #lastSync: number | undefined;
  #problems: readonly Problem[] = [];

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    this.#wantedSecrets = new WantedSecrets(options.certificateNamespaces, options.lastGood);
  }

  /** What is wrong and belongs to no single object, sorted. */
  problems(): readonly Problem[] {
    return this.#problems;
  }

  state(): SourceState {
    const { connection } = this.#options.client;
    const followers = this.#followers();
    if (this.#lastSync === undefined) {
      const waiting = this.#required().filter(({ hasListed }) => !hasListed);
      const names = waiting.map(({ kind }) => resourceName(RESOURCE_TYPES[kind])).join(", ");
      const [error] = waiting.flatMap((follower) => follower.state().error ?? []);
      if (error !== undefined) return { state: "failed", lastSync: undefined, detail: error.message };
      return { state: "syncing", lastSync: undefined, detail: `listing ${names} of ${connection}` };
    }
    const stale = followers.map((follower) => follower.state()).filter(({ state }) => state === "stale");
    const [first] = stale.toSorted((a, b) => a.since - b.since);
    if (first !== undefined) {
      return { state: "stale", lastSync: first.since, detail: first.error?.message ?? `no answer from ${connection}` };
    }
    const objects = followers.reduce((sum, follower) => sum + follower.state().objects, 0);
    return { state: "synced", lastSync: Date.now(), detail: `${objects} objects in ${connection}` };
  }

  /** Reads the cluster, then follows it until `signal`. Rejects only when the sink throws. Runs once. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#look();
    signal.addEventListener("abort", stop, { once: true });
    // A namespace whose Secrets do not come is not waited for beyond its time.
    const look = setInterval(() => this.#look(), LONGEST_SECRET_WAIT / 4);
    try {
      if (signal.aborted) return;
      for (const kind of ALWAYS_FOLLOWED) this.#always.push(this.#follow(kind));
      for (const group of this.#wantedSecrets.always) this.#followSecrets(group);
      while (!signal.aborted) {
        await this.#read(signal);
        this.#chooseEndpoints();
        this.#tell();
        this.#tellProblems();
        await this.#untilAwake(signal);
      }
    } finally {
      clearInterval(look);
      signal.removeEventListener("abort", stop);
      await Promise.all(this.#followers().map((follower) => follower.stop()));
      await Promise.all(this.#drops);
    }
  }

  #follow(kind: Kind, group?: SecretGroup): Follower {
    const { client, log, times } = this.#options;
    const { namespace = "", type = "" } = group === undefined ? {} : splitSecretGroup(group);
    return new Follower({
      client,
      kind,
      log,
      times,
      ...(group === undefined ? {} : { selection: { namespace, fieldSelector: `type=${type}` } }),
      onObject: (ref, object, isListed) => {
        const key = refKey(ref);
        // An event after a list tells of the list's versions, too.
        this.#pending.set(key, { ref, object, isListed: isListed || this.#pending.get(key)?.isListed === true });
        this.#look();
      },
      onState: () => this.#look(),
    });
  }

  /** Reads what the API told, and follows the Secrets that it asks for. */
  async #read(signal: AbortSignal): Promise<void> {
    const pause = breather();
    while (this.#pending.size > 0 && !signal.aborted) {
      const pending = this.#pending;
      this.#pending = new Map();
      const touched = new Set<SecretGroup>();
      for (const [key, { ref, object, isListed }] of pending) {
        const change: SourceChange = object === undefined ? { type: "delete", ref } : readObject(ref.kind, object);
        this.#held.set(key, change);
        for (const group of this.#wantedSecrets.note(change)) touched.add(group);
        this.#options.onRead?.(ref, object, change, isListed);
        await pause();
      }
      for (const group of touched) this.#followSecrets(group);
    }
  }

  #followSecrets(group: SecretGroup): void {
    const followed = this.#secrets.get(group);
    const wanted = this.#wantedSecrets.has(group);
    if (wanted && followed === undefined) {
      this.#secrets.set(group, { follower: this.#follow("Secret", group), since: performance.now() });
    } else if (!wanted && followed !== undefined) {
      this.#secrets.delete(group);
      this.#drop(followed.follower);
    }
  }

  /** A server either has EndpointSlices, or its Endpoints are read. */
  #chooseEndpoints(): void {
    const slices = this.#always.find(({ kind }) => kind === "EndpointSlice")?.state().state;
    if (slices === "absent") this.#endpoints ??= this.#follow("Endpoints");
    else if (slices === "synced" && this.#endpoints !== undefined) {
      const follower = this.#endpoints;
      this.#endpoints = undefined;
      this.#drop(follower);
    }
  }

  #drop(follower: Follower): void {
    const drop = follower.drop().finally(() => this.#drops.delete(drop));
    this.#drops.add(drop);
  }

  #tell(): void {
    if (!this.#mayTell()) return;
    const changes = [...this.#held].sort(([a], [b]) => compareText(a, b)).map(([, change]) => change);
    this.#held.clear();
    if (changes.length > 0) {
      this.#options.sink.apply(changes);
      this.#options.log.debug("objects changed", { objects: changes.length });
      for (const change of changes) if (change.type === "refuse") this.#log(change.problems);
    }
    if (this.#lastSync !== undefined) return;
    this.#lastSync = Date.now();
    this.#options.onSynced?.();
  }

  /** What is held is whole: every kind was listed, and the Secrets that it refers to have come or had their time. */
  #mayTell(): boolean {
    if (!this.#required().every((follower) => follower.hasListed || isWithheld(follower))) return false;
    const now = performance.now();
    return [...this.#secrets.values()].every(
      ({ follower, since }) =>
        follower.hasListed || follower.state().error?.reason === "Forbidden" || this.#isLate(now - since),
    );
  }

  /** Before the first sync there is time: an answer without certificates would be a wrong one. */
  #isLate(waited: number): boolean {
    return this.#lastSync !== undefined && waited > LONGEST_SECRET_WAIT;
  }

  #required(): readonly Follower[] {
    return this.#endpoints === undefined ? this.#always : [...this.#always, this.#endpoints];
  }

  #followers(): readonly Follower[] {
    return [...this.#required(), ...[...this.#secrets.values()].map(({ follower }) => follower)];
  }

  #tellProblems(): void {
    const messages = new Set(this.#followers().flatMap((follower) => follower.state().error?.message ?? []));
    const origin = { file: this.#options.client.connection };
    const problems = [...messages]
      .sort(compareText)
      .map((message): Problem => ({ severity: "error", path: "", message, origin }));
    const same = problems.length === this.#problems.length;
    if (same && problems.every(({ message }, index) => message === this.#problems[index]?.message)) return;
    this.#problems = problems;
    this.#options.onProblems?.(problems);
  }

  #log(problems: readonly Problem[]): void {
    for (const problem of problems) this.#options.log.warn(formatProblem(problem));
  }

  #look(): void {
    this.#awake = true;
    this.#wake();
  }

  async #untilAwake(signal: AbortSignal): Promise<void> {
    if (!this.#awake && !signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
    // What comes in one turn of the event loop is one change.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#awake = false;
  }
}

/** Rights that were given before a kind was read here: what else there is must not wait for it, and the problem is told. */
function isWithheld(follower: Follower): boolean {
  return CUSTOM_KINDS.has(follower.kind) && follower.state().error?.reason === "Forbidden";
}
