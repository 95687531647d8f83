/** Which flows are meant. */
export interface Chosen {
  has(flow: number): boolean;
}

/** Called for each entry: flow id, index of class or bucket, amount. */
export type SumVisitor = (flow: number, index: number, amount: number) => void;

/** Amounts by flow and a small index. While open it is written to; sealed it is flat arrays, a tenth of the memory. */
export class SparseSums {
  readonly #width: number;
  #open: Map<number, number> | undefined = new Map();
  #keys = new Uint32Array();
  #amounts = new Float32Array();

  /** `width`: how many indexes there are. */
  constructor(width: number) {
    this.#width = width;
  }

  add(flow: number, index: number, amount: number): void {
    const key = flow * this.#width + index;
    const open = (this.#open ??= new Map());
    open.set(key, (open.get(key) ?? 0) + amount);
  }

  each(visit: SumVisitor): void {
    const width = this.#width;
    for (let at = 0; at < this.#keys.length; at++) {
      const key = this.#keys[at]!;
      const flow = Math.floor(key / width);
      visit(flow, key - flow * width, this.#amounts[at]!);
    }
    for (const [key, amount] of this.#open ?? []) visit(Math.floor(key / width), key % width, amount);
  }

  /** Adds the amounts of the flows chosen to those in `sums`, by index. */
  addTo(sums: Float64Array, choice: Chosen): void {
    const width = this.#width;
    const [keys, amounts] = [this.#keys, this.#amounts];
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!;
      const flow = Math.floor(key / width);
      if (choice.has(flow)) sums[key - flow * width]! += amounts[at]!;
    }
    if (this.#open === undefined) return;
    for (const [key, amount] of this.#open) {
      if (choice.has(Math.floor(key / width))) sums[key % width]! += amount;
    }
  }

  /** What comes late opens it again. */
  seal(): void {
    const open = this.#open;
    if (open === undefined) return;
    const before = this.#keys.length;
    const keys = new Uint32Array(before + open.size);
    const amounts = new Float32Array(keys.length);
    keys.set(this.#keys);
    amounts.set(this.#amounts);
    let at = before;
    for (const [key, amount] of open) {
      keys[at] = key;
      amounts[at++] = amount;
    }
    this.#keys = keys;
    this.#amounts = amounts;
    this.#open = undefined;
  }

  /** Estimated memory. */
  get bytes(): number {
    return this.#keys.length * 8 + (this.#open?.size ?? 0) * 60;
  }
}
