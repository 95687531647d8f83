import type { Chosen } from "./sparse-sums.ts";

/** Sums over the requests shown: for each phase its milliseconds, and the weight of the requests that had it. */
export const PHASE_NAMES = ["waiting", "connecting", "upstream", "transfer"] as const;
export const PHASE_SUMS = PHASE_NAMES.length * 2;

/** Sums of phases by flow. While open it is written to; sealed it is flat arrays, a fifth of the memory. */
export class PhaseSums {
  #open: Map<number, Float64Array> | undefined = new Map();
  #flows = new Uint32Array();
  /** {@link PHASE_SUMS} of each flow. */
  #sums = new Float32Array();

  /** `sums` has {@link PHASE_SUMS} numbers: milliseconds and weight, phase by phase. */
  add(flow: number, sums: ArrayLike<number>): void {
    const open = (this.#open ??= new Map());
    let known = open.get(flow);
    if (known === undefined) open.set(flow, (known = new Float64Array(PHASE_SUMS)));
    for (let index = 0; index < PHASE_SUMS; index++) known[index]! += sums[index] ?? 0;
  }

  /** Adds those of the flows chosen to `sums`. */
  addTo(sums: Float64Array, choice: Chosen): void {
    const [flows, all] = [this.#flows, this.#sums];
    for (let at = 0; at < flows.length; at++) {
      if (!choice.has(flows[at]!)) continue;
      for (let index = 0; index < PHASE_SUMS; index++) sums[index]! += all[at * PHASE_SUMS + index]!;
    }
    if (this.#open === undefined) return;
    for (const [flow, of] of this.#open) {
      if (choice.has(flow)) for (let index = 0; index < PHASE_SUMS; index++) sums[index]! += of[index]!;
    }
  }

  /** What comes late opens it again. */
  seal(): void {
    const open = this.#open;
    if (open === undefined) return;
    const before = this.#flows.length;
    const flows = new Uint32Array(before + open.size);
    const sums = new Float32Array(flows.length * PHASE_SUMS);
    flows.set(this.#flows);
    sums.set(this.#sums);
    let at = before;
    for (const [flow, of] of open) {
      flows[at] = flow;
      sums.set(of, PHASE_SUMS * at++);
    }
    this.#flows = flows;
    this.#sums = sums;
    this.#open = undefined;
  }

  /** Estimated memory. */
  get bytes(): number {
    return this.#flows.byteLength + this.#sums.byteLength + (this.#open?.size ?? 0) * 200;
  }
}
