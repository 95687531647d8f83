import { MultiMap } from "#lib/multi-map.ts";
import { tableOf } from "./host-name.ts";

/** Versions of virtual hosts by name, which go with their table without a look at all others. */
export class HostVersions extends Map<string, string> {
  readonly #byTable = new MultiMap<string, string>();

  override set(name: string, version: string): this {
    this.#byTable.add(tableOf(name), name);
    return super.set(name, version);
  }

  override delete(name: string): boolean {
    this.#byTable.delete(tableOf(name), name);
    return super.delete(name);
  }

  deleteTable(table: string): void {
    for (const name of this.#byTable.get(table)) this.delete(name);
  }
}
