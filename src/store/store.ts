import { isDeepStrictEqual } from "node:util";
import type { Origin, Problem } from "#lib/problem.ts";
import { readNamespaceAnnotations } from "#resources/annotations.ts";
import { type Kind, type ObjectRef, parseRefKey, refKey } from "#resources/ref.ts";
import { refOf, type Resource, type ResourceOf } from "#resources/resource.ts";
import type { Archive } from "./archive.ts";
import type { ObjectSink, SourceChange } from "./changes.ts";
import { Entries } from "./entries.ts";
import { type Changes, type Entry, eventOf, withCreation } from "./entry.ts";
import { FallbackForms } from "./fallback-forms.ts";
import { formHash } from "./form-hash.ts";
import { type IndexDefinition, Indexes } from "./indexes.ts";
import { KeptForms, type KeepRule } from "./kept-forms.ts";
import type { ObjectState, StoredObject, StoreEvent } from "./object-state.ts";

export interface StoreOptions {
  readonly indexes: readonly IndexDefinition[];
  readonly archive: Archive;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What outlasts its deletion ({@link Store.kept}); nothing unless given. */
  readonly keep?: KeepRule;
}

/**
 * The objects, their indexes and one change feed. Between what sources offer and what translation reads stands the rule
 * of accepted forms: an object that is refused, by validation or by Envoy, goes on in its last good form.
 */
export class Store implements ObjectSink {
  readonly #entries: Entries;
  readonly #indexes: Indexes;
  readonly #archive: Archive;
  readonly #kept: KeptForms;
  readonly #fallbacks: FallbackForms;
  readonly #now: () => number;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #sequence = 0;

  constructor(options: StoreOptions) {
    this.#indexes = new Indexes(options.indexes);
    this.#archive = options.archive;
    this.#now = options.now;
    this.#kept = new KeptForms(options.keep);
    this.#entries = new Entries(options.archive);
    this.#fallbacks = new FallbackForms(options.archive, (...of) => this.#form(...of));
  }

  get sequence(): number {
    return this.#sequence;
  }

  get<K extends Kind>(kind: K, namespace: string, name: string): StoredObject<ResourceOf<K>> | undefined {
    return this.#entries.get(refKey({ kind, namespace, name }))?.inUse as StoredObject<ResourceOf<K>> | undefined;
  }

  /** The last form of use of an object that is gone, or came in a form that serves nothing, where its namespace wants that. */
  kept<K extends Kind>(kind: K, namespace: string, name: string): StoredObject<ResourceOf<K>> | undefined {
    const ref = { kind, namespace, name };
    const form = this.#kept.get(refKey(ref));
    return form !== undefined && this.#servesLastGood(ref) ? (form as StoredObject<ResourceOf<K>>) : undefined;
  }

  /** What an object goes on in if it is refused: the form in use; of one that no source has named yet, the accepted one. */
  lastGood(ref: ObjectRef): Resource | undefined {
    const key = refKey(ref);
    const entry = this.#entries.get(key);
    return entry === undefined ? this.#archive.form(key) : entry.inUse?.object;
  }

  keptRefs(): readonly ObjectRef[] {
    return this.#kept.refs();
  }

  /** Nobody needs the kept form of an object any more: it does not come back, over a restart neither. */
  release(ref: ObjectRef): void {
    const key = refKey(ref);
    if (!this.#kept.release(key)) return;
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#archive.forget(key);
    else if (entry.inUse !== undefined) this.accept(ref, entry.inUse.hash);
  }

  /** The objects under an index entry, sorted by reference. */
  list(index: string, key: string): readonly StoredObject[] {
    return this.#indexes.members(index, key).map((member) => this.#entries.get(member)!.inUse!);
  }

  state(ref: ObjectRef): ObjectState | undefined {
    return this.#entries.get(refKey(ref));
  }

  /** Every object, sorted by reference. */
  states(): readonly ObjectState[] {
    return this.#entries.sorted();
  }

  refsFrom(file: string): readonly ObjectRef[] {
    return this.#entries.refsFrom(file);
  }

  /** Calls `listener` with every change from now on. Returns what ends it. */
  onChange(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  apply(changes: readonly SourceChange[]): void {
    this.#commit((changed) => {
      for (const change of changes) {
        switch (change.type) {
          case "put":
            this.#put(change.object, change.origin, change.warnings ?? [], changed);
            break;
          case "refuse":
            this.#refuseInvalid(change.ref, change.origin, change.problems, changed);
            break;
          case "delete":
            this.#delete(change.ref, changed);
            break;
        }
      }
    });
  }

  /** Envoy took everything that was made from this form: it is what the object falls back to from now on. */
  accept(ref: ObjectRef, hash: string): void {
    const entry = this.#entries.get(refKey(ref));
    if (entry?.inUse?.hash !== hash || entry.acceptedHash === hash) return;
    // What serves in place of a form that serves nothing stays the one to fall back to.
    if (this.#kept.has(entry.key)) return;
    entry.acceptedHash = hash;
    entry.fallback = undefined;
    this.#entries.save(entry, entry.inUse.object);
  }

  /**
   * Envoy refused something that was made from these forms. Of those that Envoy had not accepted before, the one that
   * changed last goes back to its accepted form; a wrong guess is followed by the next refusal.
   * Returns the object, or undefined when none of them is new: then the resource itself must go back.
   */
  refuseByEnvoy(forms: readonly { ref: ObjectRef; hash: string }[], problem: Problem): ObjectRef | undefined {
    let suspect: Entry | undefined;
    for (const form of forms) {
      const entry = this.#entries.get(refKey(form.ref));
      if (entry?.inUse?.hash !== form.hash || entry.acceptedHash === form.hash) continue;
      if (suspect === undefined || entry.inUse.sequence > suspect.inUse!.sequence) suspect = entry;
    }
    if (suspect === undefined) return undefined;
    const entry = suspect;
    this.#commit((changed) => {
      entry.refusedForm = entry.inUse;
      this.#entries.setRefused(entry, { hash: entry.inUse!.hash, by: "envoy", problems: [problem], since: changed.at });
      this.#use(entry, this.#lastGood(entry), changed);
      this.#entries.save(entry);
    });
    return entry.ref;
  }

  /** Something else was the cause: what Envoy seemed to refuse of these objects takes effect again. */
  retry(refs: readonly ObjectRef[]): void {
    this.#commit((changed) => {
      for (const ref of refs) {
        const entry = this.#entries.get(refKey(ref));
        const form = entry?.refusedForm;
        if (entry === undefined || form === undefined) continue;
        this.#entries.setRefused(entry, undefined);
        changed.noted.set(entry.key, entry.ref);
        this.#use(entry, { ...form, sequence: this.#sequence }, changed);
        this.#entries.save(entry);
      }
    });
  }

  /**
   * Forgets what was remembered of objects that no source has named: they were deleted while nobody looked. What outlasts
   * that is kept as if it had been deleted now.
   */
  forgetUnseen(): void {
    this.#commit((changed) => {
      for (const [key, { firstSeen, acceptedHash }] of this.#entries.takeUnseen()) {
        const ref = parseRefKey(key);
        const accepted = (): StoredObject | undefined =>
          acceptedHash === undefined ? undefined : this.#fallbacks.archived(ref, key, firstSeen);
        this.#kept.follow(ref, key, undefined, accepted);
        if (this.#kept.has(key)) changed.objects.set(key, ref);
        else this.#archive.forget(key);
      }
    });
  }

  #put(object: Resource, origin: Origin, warnings: readonly Problem[], changed: Changes): void {
    const entry = this.#obtain(refOf(object), origin, changed);
    const form = this.#form(entry.ref, entry.firstSeen, object);
    const moved = this.#entries.setOrigin(entry, origin);
    const news = moved || !isDeepStrictEqual(entry.warnings, warnings);
    entry.warnings = warnings;
    if (news) changed.noted.set(entry.key, entry.ref);
    if (entry.refused?.by === "envoy" && entry.refused.hash === form.hash) {
      entry.refusedForm = form;
      // After a restart the refused form is offered again while nothing is in use yet.
      if (entry.inUse === undefined) this.#use(entry, this.#lastGood(entry), changed);
      if (moved) this.#entries.save(entry);
      return;
    }
    if (entry.refused === undefined && entry.inUse?.hash === form.hash) {
      if (moved) this.#entries.save(entry);
      return;
    }
    this.#entries.setRefused(entry, undefined);
    changed.noted.set(entry.key, entry.ref);
    this.#use(entry, form, changed);
    this.#entries.save(entry);
  }

  #refuseInvalid(ref: ObjectRef, origin: Origin, problems: readonly Problem[], changed: Changes): void {
    const entry = this.#obtain(ref, origin, changed);
    const since = entry.refused?.by === "validation" ? entry.refused.since : changed.at;
    this.#entries.setOrigin(entry, origin);
    this.#entries.setRefused(entry, { hash: undefined, by: "validation", problems, since });
    entry.warnings = [];
    changed.noted.set(entry.key, entry.ref);
    this.#use(entry, this.#lastGood(entry), changed);
    this.#entries.save(entry);
  }

  #delete(ref: ObjectRef, changed: Changes): void {
    const entry = this.#entries.get(refKey(ref));
    if (entry === undefined) return;
    this.#use(entry, undefined, changed);
    changed.noted.set(entry.key, entry.ref);
    this.#entries.remove(entry);
    if (!this.#kept.has(entry.key)) this.#archive.forget(entry.key);
  }

  #obtain(ref: ObjectRef, origin: Origin, { seen }: Changes): Entry {
    return this.#entries.obtain(ref, origin, seen, this.#kept.get(refKey(ref))?.hash);
  }

  #form(ref: ObjectRef, firstSeen: number, object: Resource): StoredObject {
    const dated = object.metadata.creationTimestamp === undefined ? withCreation(object, firstSeen) : object;
    return { ref, object: dated, hash: formHash(dated), sequence: this.#sequence };
  }

  /** A form of use that is not in use any more outlasts a restart, too: as the accepted one, which Envoy may not have asked for. */
  #keep(entry: Entry, before: StoredObject | undefined, after: StoredObject | undefined): void {
    this.#kept.follow(entry.ref, entry.key, after, () => this.#fallbacks.lastOfUse(entry, before));
    const kept = this.#kept.get(entry.key);
    if (kept === undefined || kept.hash === entry.acceptedHash) return;
    entry.acceptedHash = kept.hash;
    this.#entries.save(entry, kept.object);
  }

  #lastGood(entry: Entry): StoredObject | undefined {
    return this.#servesLastGood(entry.ref) ? this.#fallbacks.lastGood(entry) : undefined;
  }

  #servesLastGood(ref: ObjectRef): boolean {
    const namespace = this.get("Namespace", "", ref.namespace === "" ? ref.name : ref.namespace);
    return namespace === undefined || readNamespaceAnnotations(namespace.object.metadata.annotations).value.lastGood;
  }

  #use(entry: Entry, form: StoredObject | undefined, changed: Changes): void {
    const before = entry.inUse;
    if (before?.hash === form?.hash) return;
    if (before !== undefined && before.hash !== entry.refused?.hash) {
      if (before.hash === entry.acceptedHash || entry.fallback === undefined) entry.fallback = before;
    }
    this.#keep(entry, before, form);
    entry.inUse = form;
    changed.objects.set(entry.key, entry.ref);
    for (const touched of this.#indexes.replace(before?.object, form?.object)) {
      changed.entries.set(`${touched.index}\n${touched.key}`, touched);
    }
  }

  #commit(action: (changed: Changes) => void): void {
    this.#sequence++;
    const at = this.#now();
    const seen = this.#entries.sightAt(at);
    const changed: Changes = { at, seen, objects: new Map(), entries: new Map(), noted: new Map() };
    action(changed);
    this.#followNamespaces(changed);
    if (changed.objects.size === 0 && changed.noted.size === 0) return;
    const event = eventOf(this.#sequence, changed);
    for (const listener of this.#listeners) listener(event);
  }

  /** A namespace that switched its last good forms off or on decides anew about its refused objects. */
  #followNamespaces(changed: Changes): void {
    const namespaces = new Set<string>();
    for (const { kind, name } of changed.objects.values()) if (kind === "Namespace") namespaces.add(name);
    if (namespaces.size === 0) return;
    for (const ref of this.#kept.refs()) if (namespaces.has(ref.namespace)) changed.objects.set(refKey(ref), ref);
    for (const entry of this.#entries.refused) {
      if (namespaces.has(entry.ref.namespace)) this.#use(entry, this.#lastGood(entry), changed);
    }
  }
}
