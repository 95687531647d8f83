import { canonicalJson } from "#lib/canonical.ts";
import { compareText } from "#lib/compare.ts";
import type { CountDelta } from "./counter-ledger.ts";
import { type CompiledFilter, compileFilter, type NamespaceScope, totalsPart } from "./filter.ts";
import type { Flow } from "./flows.ts";
import type { History } from "./history.ts";
import type { InSteps } from "./in-turns.ts";
import type { TrafficFilter } from "./messages.ts";
import type { Column } from "./table-rows.ts";
import { View } from "./view.ts";
import type { ViewSources } from "./view-nodes.ts";
import type { TablesDelta } from "./view-rows.ts";
import type { TrafficWindow } from "./window.ts";

/** A view that several may look at. */
export interface SharedView {
  readonly view: View;
  /** Before its tables are asked for. */
  fill(): InSteps<void>;
  readonly filter: CompiledFilter;
  /** What the last tick changed. */
  readonly changes: ViewChanges;
}

export interface ViewChanges {
  readonly tables: TablesDelta;
  readonly columns: readonly Column[];
}

interface Entry {
  readonly view: View;
  readonly filter: CompiledFilter;
  changes: ViewChanges;
  users: number;
}

/** One tick's input for all views. */
export interface Tick {
  readonly window: TrafficWindow;
  readonly changedClusters: readonly string[];
  /** Seconds whose columns changed, since the epoch. */
  readonly touched: readonly number[];
}

const NOTHING: Tick = {
  window: { seconds: 1, flows: new Map() },
  changedClusters: [],
  touched: [],
};

/** The views that somebody looks at: computed once for all who ask for the same. */
export class ViewSet {
  readonly #sources: ViewSources;
  readonly #history: History;
  readonly #entries = new Map<string, Entry>();
  #last: Tick = NOTHING;

  constructor(sources: ViewSources, history: History) {
    this.#sources = sources;
    this.#history = history;
  }

  /** `release` must be called when it is no longer looked at. */
  acquire(filter: TrafficFilter, scope: NamespaceScope, tableRows: number): SharedView & { release(): void } {
    const key = canonicalJson([totalsPart(filter), scope === "all" ? scope : [...scope].sort(compareText), tableRows]);
    const entry = this.#entries.get(key) ?? this.#add(key, filter, scope, tableRows);
    entry.users++;
    return {
      view: entry.view,
      filter: entry.filter,
      fill: () => this.#fill(entry.view),
      get changes() {
        return entry.changes;
      },
      release: () => {
        entry.users--;
        if (entry.users === 0) this.#entries.delete(key);
      },
    };
  }

  get size(): number {
    return this.#entries.size;
  }

  apply(deltas: readonly CountDelta[]): void {
    for (const { view } of this.#entries.values()) view.apply(deltas);
  }

  forget(forgotten: readonly (readonly [flow: Flow, into: Flow])[]): void {
    for (const { view } of this.#entries.values()) view.forget(forgotten);
  }

  tick(tick: Tick): void {
    this.#last = tick;
    for (const entry of this.#entries.values()) {
      const { filter } = entry;
      entry.changes = {
        tables: entry.view.tick(tick.window, tick.changedClusters),
        columns: this.#history.columnsAt(tick.touched, filter),
      };
    }
  }

  *#fill(view: View): InSteps<void> {
    yield* view.fill();
    yield "turn";
    view.begin(this.#last.window);
  }

  #add(key: string, filter: TrafficFilter, scope: NamespaceScope, tableRows: number): Entry {
    const compiled = compileFilter(totalsPart(filter), scope);
    const view = new View(this.#sources, compiled, tableRows);
    const entry: Entry = { view, filter: compiled, changes: { tables: {}, columns: [] }, users: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}
