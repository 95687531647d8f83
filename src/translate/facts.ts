import { compareText } from "#lib/compare.ts";
import type { Fact } from "./unit.ts";

/** What units let each other know: a value stands under its topic as long as at least one unit says it. */
export class Facts {
  readonly #topics = new Map<string, Map<string, number>>();

  values(topic: string): readonly string[] {
    return [...(this.#topics.get(topic)?.keys() ?? [])].sort(compareText);
  }

  /** Replaces what one unit said. Returns the topics whose values changed. */
  replace(before: readonly Fact[], after: readonly Fact[]): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const fact of after) if (this.#count(fact, 1) === 1) changed.add(fact.topic);
    for (const fact of before) if (this.#count(fact, -1) === 0) changed.add(fact.topic);
    return changed;
  }

  #count({ topic, value }: Fact, by: 1 | -1): number {
    const values = this.#topics.get(topic) ?? new Map<string, number>();
    this.#topics.set(topic, values);
    const count = (values.get(value) ?? 0) + by;
    if (count === 0) values.delete(value);
    else values.set(value, count);
    if (values.size === 0) this.#topics.delete(topic);
    return count;
  }
}
