import { sortedValues } from "#lib/compare.ts";
import { type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import type { UnitId } from "./unit.ts";
import type { Verdict } from "./verdict.ts";

/** What units say of objects. What is said of one is the merge of all of them, whichever spoke first. */
export class Verdicts {
  readonly #byObject = new Map<RefKey, Map<UnitId, readonly Verdict[]>>();

  /** Those about an object, sorted, each once. */
  of(ref: ObjectRef): readonly Verdict[] {
    const byUnit = this.#byObject.get(refKey(ref));
    if (byUnit === undefined) return [];
    const merged = new Map<string, Verdict>();
    for (const verdicts of byUnit.values()) {
      for (const verdict of verdicts) merged.set(verdictKey(verdict), verdict);
    }
    return sortedValues(merged);
  }

  /** All, in no order and with repetitions between units. */
  *each(): Generator<Verdict> {
    for (const byUnit of this.#byObject.values()) for (const verdicts of byUnit.values()) yield* verdicts;
  }

  /** Replaces what one unit said. Returns the objects that it spoke of, before or now. */
  replace(unit: UnitId, before: readonly Verdict[], after: readonly Verdict[]): Iterable<ObjectRef> {
    const judged = new Map<RefKey, ObjectRef>();
    const next = Map.groupBy(after, (verdict) => refKey(verdict.ref));
    for (const { ref } of [...before, ...after]) {
      const key = refKey(ref);
      const verdicts = next.get(key);
      judged.set(key, ref);
      const byUnit = this.#byObject.get(key) ?? new Map<UnitId, readonly Verdict[]>();
      if (verdicts === undefined) byUnit.delete(unit);
      else byUnit.set(unit, verdicts);
      if (byUnit.size === 0) this.#byObject.delete(key);
      else this.#byObject.set(key, byUnit);
    }
    return judged.values();
  }
}

/** All that a verdict says: of two that differ in anything, neither may hide the other. */
function verdictKey({ path, reason, message, fix = "", severity }: Verdict): string {
  return [path, reason, message, fix, severity].join("\n");
}
