import type { Flow, FlowTable } from "./flows.ts";

const UNKNOWN = 0;
const IS_IN = 1;
const IS_OUT = 2;

export interface FlowFilter {
  /** It leaves nothing out. */
  readonly isWhole: boolean;
  flow(flow: Flow): boolean;
}

/** The flows that pass a filter, which is asked once of each: a quarter of an hour is millions of amounts. */
export class FlowChoice {
  readonly isWhole: boolean;
  readonly #flows: FlowTable;
  readonly #filter: FlowFilter;
  readonly #verdicts: Uint8Array;

  /** For the flows that there are now; of later ones none passes. */
  constructor(flows: FlowTable, filter: FlowFilter) {
    this.isWhole = filter.isWhole;
    this.#flows = flows;
    this.#filter = filter;
    this.#verdicts = new Uint8Array(flows.all.length);
  }

  has(id: number): boolean {
    const verdict = this.#verdicts[id];
    return verdict === UNKNOWN ? this.#ask(id) : verdict === IS_IN;
  }

  #ask(id: number): boolean {
    const flow = this.#flows.get(id);
    const passes = flow !== undefined && this.#filter.flow(flow);
    this.#verdicts[id] = passes ? IS_IN : IS_OUT;
    return passes;
  }
}
