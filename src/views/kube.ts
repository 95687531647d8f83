import type { KubeView } from "#api/ports/kube.ts";
import type { IngressAddress, ServedChange, ServedObject, ServedProblem } from "#kube-api/served-object.ts";
import { compareText } from "#lib/compare.ts";
import { type Kind, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import { validate } from "#resources/validate.ts";
import type { ObjectState } from "#store/object-state.ts";
import type { Store } from "#store/store.ts";
import { isOurs } from "#translate/ingress-class.ts";
import { objectReader } from "#translate/object-reader.ts";
import type { Reader } from "#translate/unit.ts";
import type { Translator } from "#translate/translator.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { problemsOf } from "./objects.ts";

export interface KubeParts {
  readonly store: Store;
  readonly translator: Pick<Translator, "verdicts">;
  readonly snapshot: Pick<Snapshot, "quarantined">;
  /** Calls `judged` with the objects of which something became known. Returns what ends it. */
  listen(listener: { judged(refs: readonly ObjectRef[]): void }): () => void;
  readonly classes: { readonly ingressClass: string; readonly claimUnclassed: boolean };
  /** Where the traffic of our Ingresses is taken in. */
  readonly addresses: readonly IngressAddress[];
  readonly home: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Changes that are remembered for watches that come back; a form that is gone lives on no longer than that. */
const MOST_CHANGES = 4096;

/**
 * The objects as kubectl sees them. What became known about an object is looked at only when somebody asks or watches, so
 * that a change costs nothing here while nobody does. Versions begin at the time of the start, in microseconds: those of
 * an earlier run are all smaller, and a watch that comes back with one is told to begin anew.
 */
export class KubeFeed implements KubeView {
  readonly home: string;
  readonly #parts: KubeParts;
  readonly #read: Reader;
  readonly #served = new Map<RefKey, ServedObject>();
  readonly #prints = new Map<RefKey, string>();
  readonly #sorted = new Map<Kind, readonly ServedObject[]>();
  readonly #unseen = new Map<RefKey, ObjectRef>();
  /** How many objects are served in a namespace. */
  readonly #inNamespace = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #changes: ServedChange[] = [];
  /** Versions from here on are known. */
  #oldest: number | undefined;
  #version: number;
  #isScheduled = false;

  constructor(parts: KubeParts) {
    this.#parts = parts;
    this.home = parts.home;
    this.#version = parts.now() * 1000;
    const { store } = parts;
    this.#read = objectReader(store);
    for (const { ref } of store.states()) this.#unseen.set(refKey(ref), ref);
    parts.listen({ judged: (refs) => this.#note(refs) });
  }

  version(): number {
    this.#settle();
    return this.#version;
  }

  get(ref: ObjectRef): ServedObject | undefined {
    this.#settle();
    return this.#served.get(refKey(ref));
  }

  list(kind: Kind): readonly ServedObject[] {
    this.#settle();
    let list = this.#sorted.get(kind);
    if (list === undefined) {
      list = [...this.#served.values()]
        .filter(({ ref }) => ref.kind === kind)
        .sort((a, b) => compareText(a.ref.namespace, b.ref.namespace) || compareText(a.ref.name, b.ref.name));
      this.#sorted.set(kind, list);
    }
    return list;
  }

  since(version: number): readonly ServedChange[] | undefined {
    this.#settle();
    if (version < (this.#oldest ?? 0) || version > this.#version) return undefined;
    const first = this.#changes.findIndex((change) => change.version > version);
    return first < 0 ? [] : this.#changes.slice(first);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #note(refs: readonly ObjectRef[]): void {
    for (const ref of refs) {
      const key = refKey(ref);
      // What came and went while nobody asked is nothing to look at: kept, it would be for ever.
      const isNothing = !this.#served.has(key) && this.#parts.store.state(ref) === undefined;
      if (isNothing) this.#unseen.delete(key);
      else this.#unseen.set(key, ref);
    }
    // Which Ingresses are ours depends on the classes, also for those of which nothing else changes.
    if (refs.some(({ kind }) => kind === "IngressClass")) {
      for (const { ref } of this.#served.values()) if (ref.kind === "Ingress") this.#unseen.set(refKey(ref), ref);
    }
    if (this.#listeners.size === 0) return;
    // After the translation of this change, which the control plane has scheduled before.
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #settle(): void {
    for (const [key, ref] of this.#unseen) this.#look(key, ref);
    this.#unseen.clear();
    if (this.#oldest !== undefined) return;
    // The first to ask: nobody has a version from before, so that what there is is no change.
    this.#changes = [];
    this.#oldest = this.#version;
  }

  #look(key: RefKey, ref: ObjectRef): void {
    const state = this.#parts.store.state(ref);
    const before = this.#served.get(key);
    const shown = state === undefined ? this.#implied(ref) : this.#show(state);
    if (shown === undefined) {
      if (before === undefined) return;
      this.#served.delete(key);
      this.#prints.delete(key);
      this.#count(ref, -1);
      this.#change(before, undefined);
      return;
    }
    const print = JSON.stringify([state?.inUse?.hash, shown.inUse, shown.problems, shown.origin, shown.addresses]);
    if (this.#prints.get(key) === print) return;
    if (before === undefined) this.#count(ref, 1);
    const after = { ...shown, version: this.#version + 1 };
    this.#served.set(key, after);
    this.#prints.set(key, print);
    this.#change(before, after);
  }

  /** The first and the last object of a namespace that nobody wrote bring it and take it along. */
  #count({ namespace }: ObjectRef, by: 1 | -1): void {
    if (namespace === "") return;
    const count = (this.#inNamespace.get(namespace) ?? 0) + by;
    if (count === 0) this.#inNamespace.delete(namespace);
    else this.#inNamespace.set(namespace, count);
    if (count > 1 || (count === 1 && by === -1)) return;
    const ref: ObjectRef = { kind: "Namespace", namespace: "", name: namespace };
    // At the end, also when it has been looked at in this round.
    this.#unseen.delete(refKey(ref));
    this.#unseen.set(refKey(ref), ref);
  }

  /** A namespace that nobody wrote, and that holds objects: to kubectl there is no object without one. */
  #implied(ref: ObjectRef): Omit<ServedObject, "version"> | undefined {
    if (ref.kind !== "Namespace" || !this.#inNamespace.has(ref.name)) return undefined;
    // As every API server labels them.
    const metadata = { name: ref.name, labels: { "kubernetes.io/metadata.name": ref.name } };
    const made = validate({ apiVersion: "v1", kind: "Namespace", metadata }, { unknownFields: "error" });
    const object = made.type === "accepted" ? made.object : undefined;
    return { ref, object, inUse: "current", problems: [], origin: "", addresses: [] };
  }

  #change(before: ServedObject | undefined, after: ServedObject | undefined): void {
    this.#version += 1;
    this.#sorted.delete((after ?? before)!.ref.kind);
    this.#changes.push({ version: this.#version, before, after });
    if (this.#changes.length <= 2 * MOST_CHANGES) return;
    this.#changes = this.#changes.slice(-MOST_CHANGES);
    this.#oldest = this.#changes[0]!.version - 1;
  }

  #show(state: ObjectState): Omit<ServedObject, "version"> {
    const { translator, snapshot, classes, addresses } = this.#parts;
    const { ref, origin, refused, inUse: form } = state;
    const object = form?.object;
    const isTakenIn = object?.kind === "Ingress" && isOurs(object, classes, this.#read);
    return {
      ref,
      object,
      inUse: form === undefined ? "none" : refused === undefined ? "current" : "lastGood",
      problems: problemsOf(state, translator.verdicts(ref), snapshot) satisfies readonly ServedProblem[],
      origin: origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`,
      addresses: isTakenIn ? addresses : [],
    };
  }
}
