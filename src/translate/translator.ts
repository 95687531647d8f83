import { compareText, sortedValues } from "#lib/compare.ts";
import { formatRef, type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { StoreEvent, StoredObject } from "#store/object-state.ts";
import type { Store } from "#store/store.ts";
import { Dependencies } from "./dependencies.ts";
import { Facts } from "./facts.ts";
import type { GatewaySettings } from "./gateway-settings.ts";
import type { IrItem } from "./ir.ts";
import { factRead, gatewayRead, indexRead, keptRead, nameRead, objectRead } from "./reads.ts";
import { recordingReader } from "./recording-reader.ts";
import type { ResolvedName } from "./resolved-name.ts";
import {
  type Need,
  splitUnitId,
  type UnitBuilder,
  type UnitId,
  unitId,
  type UnitItem,
  type UnitKind,
  unitOf,
  type UnitResult,
} from "./unit.ts";
import { isVariation } from "./upstream-variation.ts";
import type { Verdict } from "./verdict.ts";
import { Verdicts } from "./verdicts.ts";

/** An item with the objects that answer for it ({@link UnitItem.from}), as they were read. */
export interface TranslatedItem {
  readonly item: IrItem;
  readonly sources: readonly { readonly ref: ObjectRef; readonly hash: string }[];
}

/** What a run changed. */
export interface TranslationDelta {
  readonly upserts: readonly TranslatedItem[];
  readonly removals: readonly { readonly type: IrItem["type"]; readonly name: string }[];
  /** Objects that verdicts were added to or taken from. */
  readonly judged: readonly ObjectRef[];
  /** Units that were built, for metrics and for the proof that a change costs what it touches. */
  readonly built: readonly UnitId[];
  /** Topics whose facts changed. */
  readonly topics: ReadonlySet<string>;
}

export interface TranslatorOptions {
  readonly store: Pick<Store, "get" | "kept" | "list">;
  /** What DNS says of names. */
  readonly names: { get(host: string): ResolvedName | undefined };
  /** What upstreams of a backend are reached through. */
  readonly gateways: { get(backend: string): GatewaySettings | undefined };
  readonly builders: Readonly<Record<UnitKind, UnitBuilder>>;
  /** Units that stand by configuration. */
  readonly roots: readonly UnitId[];
  /** Indexes whose every entry is a unit of its own, by name. */
  readonly rootIndexes: Readonly<Record<string, UnitKind>>;
  /**
   * Told of a unit whose builder threw, which is a defect of ours: it stays as it was until something that it read changes,
   * and all others are built. Without this the run throws.
   */
  readonly onDefect?: ((unit: UnitId, error: unknown) => void) | undefined;
}

interface Built extends Omit<UnitResult, "items"> {
  readonly items: readonly TranslatedItem[];
}

const EMPTY: Built = { items: [], verdicts: [], needs: [], facts: [] };

/**
 * Objects → IR, incrementally: a change marks the units that read what it touched, a run builds those and no other.
 * Where a run ends depends only on what the store holds, not on the way there.
 */
export class Translator {
  readonly #options: TranslatorOptions;
  readonly #dependencies = new Dependencies();
  readonly #facts = new Facts();
  readonly #built = new Map<UnitId, Built>();
  readonly #needed = new Map<UnitId, number>();
  readonly #verdicts = new Verdicts();
  readonly #dirty = new Set<UnitId>();

  constructor(options: TranslatorOptions) {
    this.#options = options;
    for (const root of options.roots) this.#dirty.add(root);
  }

  get pending(): boolean {
    return this.#dirty.size > 0;
  }

  /** Marks what a change of the store touches. Cheap: nothing is built here. */
  mark(event: StoreEvent): void {
    for (const ref of event.changed) this.#markReaders(objectRead(ref));
    for (const { index, key } of event.entries) {
      this.#markReaders(indexRead(index, key));
      const kind = this.#options.rootIndexes[index];
      if (kind !== undefined) this.#dirty.add(unitId(kind, key));
    }
  }

  /** Marks what read a name of which DNS says something else now. */
  markName(host: string): void {
    this.#markReaders(nameRead(host));
  }

  /** Marks what read the gateway of a backend that has another one now, or none. */
  markGateway(backend: string): void {
    this.#markReaders(gatewayRead(backend));
  }

  /** The values that units publish under a topic now, sorted. */
  facts(topic: string): readonly string[] {
    return this.#facts.values(topic);
  }

  /** Whether some unit asks for what is kept of an object. */
  needsKept(ref: ObjectRef): boolean {
    return !this.#dependencies.readersOf(keptRead(ref))[Symbol.iterator]().next().done;
  }

  /** Builds what is marked, and what that marks in turn. */
  run(): TranslationDelta {
    const upserts = new Map<string, TranslatedItem>();
    const removals = new Map<string, { type: IrItem["type"]; name: string }>();
    const judged = new Map<RefKey, ObjectRef>();
    const built: UnitId[] = [];
    const topics = new Set<string>();
    while (this.#dirty.size > 0) {
      for (const id of this.#dirty) {
        this.#dirty.delete(id);
        built.push(id);
        this.#rebuild(id, upserts, removals, judged, topics);
      }
    }
    return {
      upserts: sortedValues(upserts),
      removals: sortedValues(removals),
      judged: sortedValues(judged),
      built,
      topics,
    };
  }

  /** The merged verdicts of all units about an object, sorted, each once. */
  verdicts(ref: ObjectRef): readonly Verdict[] {
    return this.#verdicts.of(ref);
  }

  /** Every item that stands, in no order: for counting. */
  *eachItem(): Generator<IrItem> {
    for (const { items } of this.#built.values()) for (const { item } of items) yield item;
  }

  /** Every verdict that stands, in no order and with repetitions between units: for counting. */
  eachVerdict(): Iterable<Verdict> {
    return this.#verdicts.each();
  }

  /** Every item that stands, sorted by type and name. */
  items(): readonly TranslatedItem[] {
    const items = new Map<string, TranslatedItem>();
    for (const built of this.#built.values()) for (const made of built.items) items.set(itemKey(made.item), made);
    return sortedValues(items);
  }

  /** The units that stand and need `id`, with the objects they read: who sends traffic to an upstream. */
  dependants(id: UnitId): readonly UnitId[] {
    return [...this.#built]
      .filter(([, { needs }]) => needs.some((need) => unitOf(need) === id))
      .map(([unit]) => unit)
      .sort(compareText);
  }

  /**
   * The objects, in the forms that were read, that ask for a variation of an upstream, by the name of its cluster. Sorted.
   *
   * @param among the units to look at; those that are about to be built again tell of nobody
   */
  askers(cluster: string, among: Iterable<UnitId> = this.#built.keys()): readonly TranslatedItem["sources"][number][] {
    const found = new Map<RefKey, TranslatedItem["sources"][number]>();
    for (const unit of among) {
      const needs = this.#dirty.has(unit) ? [] : (this.#built.get(unit)?.needs ?? []);
      for (const need of needs) {
        if (typeof need === "string" || !isVariation(need.unit, cluster)) continue;
        const { kind, namespace, name } = need.by;
        const form = this.#options.store.get(kind, namespace, name);
        if (form !== undefined) found.set(refKey(need.by), { ref: need.by, hash: form.hash });
      }
    }
    return sortedValues(found);
  }

  #rebuild(
    id: UnitId,
    upserts: Map<string, TranslatedItem>,
    removals: Map<string, { type: IrItem["type"]; name: string }>,
    judged: Map<RefKey, ObjectRef>,
    topics: Set<string>,
  ): void {
    const before = this.#built.get(id) ?? EMPTY;
    const current = this.#build(id);
    const after = current ?? EMPTY;
    const standing = new Set(after.items.map(({ item }) => itemKey(item)));
    for (const { item } of before.items) {
      const key = itemKey(item);
      if (standing.has(key)) continue;
      upserts.delete(key);
      removals.set(key, { type: item.type, name: item.name });
    }
    for (const made of after.items) {
      const key = itemKey(made.item);
      removals.delete(key);
      upserts.set(key, made);
    }
    for (const ref of this.#verdicts.replace(id, before.verdicts, after.verdicts)) judged.set(refKey(ref), ref);
    this.#need(before.needs, after.needs);
    for (const topic of this.#facts.replace(before.facts, after.facts)) {
      topics.add(topic);
      this.#markReaders(factRead(topic));
    }
    if (current === undefined) this.#built.delete(id);
    else this.#built.set(id, current);
  }

  #build(id: UnitId): Built | undefined {
    const { kind, key } = splitUnitId(id);
    const reads = new Set<string>();
    const found = new Map<RefKey, StoredObject>();
    const wanted = !this.#isOnDemand(kind) || (this.#needed.get(id) ?? 0) > 0;
    try {
      const result = wanted
        ? this.#options.builders[kind](key, recordingReader(this.#options, this.#facts, reads, found))
        : undefined;
      if (result === undefined) {
        this.#dependencies.forget(id);
        return undefined;
      }
      this.#dependencies.record(id, reads);
      return { ...result, items: result.items.map((made) => translated(id, made, found)) };
    } catch (error) {
      if (this.#options.onDefect === undefined) throw error;
      this.#options.onDefect(id, error);
      this.#dependencies.record(id, reads);
      return this.#built.get(id) ?? EMPTY;
    }
  }

  #isOnDemand(kind: UnitKind): boolean {
    return kind === "upstream" || kind === "gateway";
  }

  #need(before: readonly Need[], after: readonly Need[]): void {
    for (const id of new Set(after.map(unitOf))) {
      const count = (this.#needed.get(id) ?? 0) + 1;
      this.#needed.set(id, count);
      if (count === 1) this.#dirty.add(id);
    }
    for (const id of new Set(before.map(unitOf))) {
      const count = this.#needed.get(id)! - 1;
      if (count > 0) {
        this.#needed.set(id, count);
        continue;
      }
      this.#needed.delete(id);
      this.#dirty.add(id);
    }
  }

  #markReaders(read: string): void {
    for (const unit of this.#dependencies.readersOf(read)) this.#dirty.add(unit);
  }
}

function translated(id: UnitId, { item, from }: UnitItem, found: ReadonlyMap<RefKey, StoredObject>): TranslatedItem {
  const sources = from.map((ref) => {
    const stored = found.get(refKey(ref));
    if (stored === undefined) throw new Error(`unit ${id} names ${formatRef(ref)}, which it has not read`);
    return { ref, hash: stored.hash };
  });
  return { item, sources };
}

export function itemKey({ type, name }: { readonly type: IrItem["type"]; readonly name: string }): string {
  return `${type} ${name}`;
}
