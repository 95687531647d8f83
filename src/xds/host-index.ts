import { compareText } from "#lib/compare.ts";
import { MultiMap } from "#lib/multi-map.ts";
import { tableOf } from "./host-name.ts";

/** Names of virtual hosts, found by their table or by their host without a look at all others. */
export class HostIndex {
  readonly #byTable = new MultiMap<string, string>();
  readonly #byHost = new MultiMap<string, string>();

  add(name: string): void {
    this.#byTable.add(tableOf(name), name);
    this.#byHost.add(hostPart(name), name);
  }

  delete(name: string): void {
    this.#byTable.delete(tableOf(name), name);
    this.#byHost.delete(hostPart(name), name);
  }

  /** Sorted. */
  inTable(table: string): readonly string[] {
    return this.#byTable.get(table).toSorted(compareText);
  }

  /** The names under which the host of this one stands in other tables, sorted. */
  elsewhere(name: string): readonly string[] {
    const names = this.#byHost.get(hostPart(name));
    return names.filter((other) => other !== name).sort(compareText);
  }
}

function hostPart(name: string): string {
  return name.slice(tableOf(name).length);
}
