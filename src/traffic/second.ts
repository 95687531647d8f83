import { CODE_CLASSES } from "./code-class.ts";
import type { FlowChoice } from "./flow-choice.ts";
import { BUCKETS } from "./histogram.ts";
import { PHASE_SUMS, PhaseSums } from "./phase-sums.ts";
import { type Chosen, SparseSums, type SumVisitor } from "./sparse-sums.ts";

const CLASSES = CODE_CLASSES.length;

/** Added up over flows: by code class, by latency bucket, by phase as phase-sums.ts has it. */
export interface SecondSums {
  readonly counts: Float64Array;
  readonly latency: Float64Array;
  readonly phases: Float64Array;
}

const EVERYTHING: Chosen = { has: () => true };

/**
 * What happened in one second, by flow: exact counts by code class, weighted counts by latency bucket, sums of phases.
 * While the second is open it is written to; then it is sealed.
 */
export class Second {
  /** Start, in seconds since the epoch. */
  readonly at: number;
  readonly #counts = new SparseSums(CLASSES);
  readonly #latency = new SparseSums(BUCKETS);
  readonly #phases = new PhaseSums();
  #sealed = false;
  #changes = 0;
  /** Of all flows, of a sealed second: most ask for that. */
  #whole: SecondSums | undefined;

  constructor(at: number) {
    this.at = at;
  }

  addCount(flow: number, classIndex: number, requests: number): void {
    this.#change();
    this.#counts.add(flow, classIndex, requests);
  }

  addLatency(flow: number, bucket: number, weight: number): void {
    this.#change();
    this.#latency.add(flow, bucket, weight);
  }

  /** `sums` has {@link PHASE_SUMS} numbers: milliseconds and weight, phase by phase. */
  addPhases(flow: number, sums: ArrayLike<number>): void {
    this.#change();
    this.#phases.add(flow, sums);
  }

  #change(): void {
    this.#sealed = false;
    this.#whole = undefined;
    this.#changes++;
  }

  /** How often it was written to. */
  get changes(): number {
    return this.#changes;
  }

  eachCount(visit: SumVisitor): void {
    this.#counts.each(visit);
  }

  eachLatency(visit: SumVisitor): void {
    this.#latency.each(visit);
  }

  /** Of the flows chosen. */
  sums(choice: FlowChoice): Readonly<SecondSums> {
    return choice.isWhole && this.#whole !== undefined ? this.#whole : this.#add(choice);
  }

  #add(choice: Chosen): SecondSums {
    const sums = {
      counts: new Float64Array(CLASSES),
      latency: new Float64Array(BUCKETS),
      phases: new Float64Array(PHASE_SUMS),
    };
    this.#counts.addTo(sums.counts, choice);
    this.#latency.addTo(sums.latency, choice);
    this.#phases.addTo(sums.phases, choice);
    return sums;
  }

  /** What comes late opens it again. */
  seal(): void {
    if (this.#sealed) return;
    this.#counts.seal();
    this.#latency.seal();
    this.#phases.seal();
    this.#whole = this.#add(EVERYTHING);
    this.#sealed = true;
  }

  /** Estimated memory. */
  get bytes(): number {
    return (this.#sealed ? 1600 : 400) + this.#counts.bytes + this.#latency.bytes + this.#phases.bytes;
  }
}
