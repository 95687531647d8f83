import { CODE_CLASSES } from "./code-class.ts";
import { BUCKETS } from "./histogram.ts";

/** Sums over the requests shown: for each phase its milliseconds, and the weight of the requests that had it. */
export const PHASE_NAMES = ["waiting", "connecting", "upstream", "transfer"] as const;
export const PHASE_SUMS = PHASE_NAMES.length * 2;

const CLASSES = CODE_CLASSES.length;

/** Called for each entry: flow id, index of class or bucket, amount. */
export type SecondVisitor = (flow: number, index: number, amount: number) => void;

/**
 * What happened in one second, by flow: exact counts by code class, weighted counts by latency bucket, sums of phases.
 * While the second is open it is written to; then it is sealed into flat arrays, a tenth of the memory.
 */
export class Second {
  /** Start, in seconds since the epoch. */
  readonly at: number;
  #counts: Sparse;
  #latency: Sparse;
  #phases: Map<number, Float64Array>;
  #sealed = false;

  constructor(at: number) {
    this.at = at;
    this.#counts = new Sparse(CLASSES);
    this.#latency = new Sparse(BUCKETS);
    this.#phases = new Map();
  }

  addCount(flow: number, classIndex: number, requests: number): void {
    this.#counts.add(flow, classIndex, requests);
  }

  addLatency(flow: number, bucket: number, weight: number): void {
    this.#latency.add(flow, bucket, weight);
  }

  /** `sums` has {@link PHASE_SUMS} numbers: milliseconds and weight, phase by phase. */
  addPhases(flow: number, sums: ArrayLike<number>): void {
    const known = this.#phases.get(flow) ?? new Float64Array(PHASE_SUMS);
    for (let index = 0; index < PHASE_SUMS; index++) known[index]! += sums[index] ?? 0;
    this.#phases.set(flow, known);
  }

  eachCount(visit: SecondVisitor): void {
    this.#counts.each(visit);
  }

  eachLatency(visit: SecondVisitor): void {
    this.#latency.each(visit);
  }

  eachPhases(visit: (flow: number, sums: Float64Array) => void): void {
    for (const [flow, sums] of this.#phases) visit(flow, sums);
  }

  /** What comes late opens it again. */
  seal(): void {
    if (this.#sealed) return;
    this.#counts.seal();
    this.#latency.seal();
    this.#sealed = true;
  }

  /** Estimated memory. */
  get bytes(): number {
    return 200 + this.#counts.bytes + this.#latency.bytes + this.#phases.size * 200;
  }
}

/** Amounts by flow and a small index. */
class Sparse {
  readonly #width: number;
  #open: Map<number, number> | undefined = new Map();
  #keys = new Uint32Array();
  #amounts = new Float32Array();

  constructor(width: number) {
    this.#width = width;
  }

  add(flow: number, index: number, amount: number): void {
    const key = flow * this.#width + index;
    const open = (this.#open ??= new Map());
    open.set(key, (open.get(key) ?? 0) + amount);
  }

  each(visit: SecondVisitor): void {
    for (let at = 0; at < this.#keys.length; at++) this.#visit(visit, this.#keys[at] ?? 0, this.#amounts[at] ?? 0);
    if (this.#open !== undefined) for (const [key, amount] of this.#open) this.#visit(visit, key, amount);
  }

  #visit(visit: SecondVisitor, key: number, amount: number): void {
    visit(Math.floor(key / this.#width), key % this.#width, amount);
  }

  seal(): void {
    if (this.#open === undefined) return;
    const late = this.#keys.length > 0;
    const keys = late ? [...this.#keys, ...this.#open.keys()] : [...this.#open.keys()];
    const amounts = late ? [...this.#amounts, ...this.#open.values()] : [...this.#open.values()];
    this.#keys = Uint32Array.from(keys);
    this.#amounts = Float32Array.from(amounts);
    this.#open = undefined;
  }

  get bytes(): number {
    return this.#keys.length * 8 + (this.#open?.size ?? 0) * 60;
  }
}
