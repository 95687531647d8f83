import { compareText } from "#lib/compare.ts";
import { codeClass } from "./code-class.ts";
import type { CountDelta } from "./counter-ledger.ts";
import type { Flow } from "./flows.ts";
import type { CodeClass, Counts } from "./table-rows.ts";

/** Cumulative exact counts that can be added to. */
export class CountSum {
  #requests = 0;
  readonly #codes = new Map<number, number>();
  /** Most sums have none. */
  #flags: Map<string, number> | undefined;

  get requests(): number {
    return this.#requests;
  }

  add({ code, flags, requests }: Pick<CountDelta, "code" | "flags" | "requests">): void {
    this.#requests += requests;
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + requests);
    for (const flag of flags) this.#addFlag(flag, requests);
  }

  addAll(other: CountSum): void {
    this.#requests += other.#requests;
    for (const [code, count] of other.#codes) this.#codes.set(code, (this.#codes.get(code) ?? 0) + count);
    for (const [flag, count] of other.#flags ?? []) this.#addFlag(flag, count);
  }

  #addFlag(flag: string, count: number): void {
    this.#flags ??= new Map();
    this.#flags.set(flag, (this.#flags.get(flag) ?? 0) + count);
  }

  /** In a stable order. */
  counts(): Counts {
    const classes: Partial<Record<CodeClass, number>> = {};
    const codes: Record<string, number> = {};
    for (const [code, count] of [...this.#codes].sort(([a], [b]) => a - b)) {
      codes[code] = count;
      classes[codeClass(code)] = (classes[codeClass(code)] ?? 0) + count;
    }
    const flags = Object.fromEntries([...(this.#flags ?? [])].sort(([a], [b]) => compareText(a, b)));
    return { requests: this.#requests, classes, codes, flags };
  }
}

/** The cumulative counts of every flow. */
export class FlowTotals {
  readonly #sums = new Map<number, CountSum>();

  add(deltas: readonly CountDelta[]): void {
    for (const delta of deltas) {
      let sum = this.#sums.get(delta.flow.id);
      if (sum === undefined) this.#sums.set(delta.flow.id, (sum = new CountSum()));
      sum.add(delta);
    }
  }

  of(flow: number): CountSum | undefined {
    return this.#sums.get(flow);
  }

  /** What was counted of the first of each pair counts as the second's from now on. */
  move(pairs: Iterable<readonly [from: Flow, to: Flow]>): void {
    for (const [from, to] of pairs) {
      const sum = this.#sums.get(from.id);
      if (sum === undefined) continue;
      this.#sums.delete(from.id);
      const into = this.#sums.get(to.id);
      if (into === undefined) this.#sums.set(to.id, sum);
      else into.addAll(sum);
    }
  }
}
