import type { CountDelta } from "./counter-ledger.ts";
import { CountSum, type FlowTotals } from "./counts.ts";
import { BUCKETS, quantiles } from "./histogram.ts";
import type { Owner, Rates, Totals, Upstream } from "./table-rows.ts";

/** A row of one of the tables while it is added up. */
export type NodeKind =
  | { readonly table: "totals" }
  | { readonly table: "envoys" }
  | { readonly table: "listeners" }
  | { readonly table: "hosts"; readonly namespaces: Set<string> }
  | { readonly table: "owners"; readonly owner: Owner }
  | {
      readonly table: "routes";
      readonly listener: string;
      readonly host: string;
      readonly route: string;
      readonly owner: Owner | undefined;
      readonly upstreams: Map<string, UpstreamShare>;
    }
  | { readonly table: "clusters"; readonly upstream: Upstream };

export interface UpstreamShare {
  readonly upstream: Upstream;
  requests: number;
  errors: number;
}

export class ViewNode<K extends NodeKind = NodeKind> {
  readonly key: string;
  readonly kind: K;
  /** Must be told to who sees it. */
  isDirty = true;
  /** In the window. */
  requests = 0;
  errors = 0;
  /** Some of them are known singly. */
  hasLatency = false;
  /** In the picture. */
  isShown = false;
  readonly #totals: FlowTotals;
  #flows: number[] = [];
  /** Added up when it is asked for, of most rows never; undefined: it has to be anew. */
  #sum: CountSum | undefined;
  #ever: number | undefined;
  #weights: Float64Array | undefined;
  #seconds = 1;
  #changes = 0;

  constructor(key: string, kind: K, totals: FlowTotals) {
    this.key = key;
    this.kind = kind;
    this.#totals = totals;
  }

  /** A flow that belongs to it. */
  addFlow(flow: number): void {
    this.#flows.push(flow);
    this.#sum = undefined;
    this.#ever = undefined;
  }

  /** Any of these that belong to it do so no more. */
  removeFlows(flows: ReadonlySet<number>): void {
    this.#flows = this.#flows.filter((flow) => !flows.has(flow));
    this.recount();
  }

  get hasFlows(): boolean {
    return this.#flows.length > 0;
  }

  /** What {@link FlowTotals} have of its flows is another than what they were told. */
  recount(): void {
    this.#sum = undefined;
    this.#ever = undefined;
    this.touch();
  }

  /** What {@link FlowTotals} have just been told of one of its flows. */
  add(delta: CountDelta): void {
    this.#sum?.add(delta);
    this.#ever = undefined;
    this.touch();
  }

  /** Its row is another. */
  touch(): void {
    this.isDirty = true;
    this.#changes++;
  }

  /** How often its row became another. */
  get changes(): number {
    return this.#changes;
  }

  /** Requests of all time. */
  get ever(): number {
    this.#ever ??= this.#flows.reduce((sum, flow) => sum + (this.#totals.of(flow)?.requests ?? 0), 0);
    return this.#ever;
  }

  /** Empties the window; afterwards it is added to again. */
  beginWindow(seconds: number): void {
    if (this.isActive) this.touch();
    this.#seconds = seconds;
    this.requests = 0;
    this.errors = 0;
    this.hasLatency = false;
    this.#weights = undefined;
    if (this.kind.table === "routes") this.kind.upstreams.clear();
  }

  addCounts(requests: number, errors: number): void {
    this.requests += requests;
    this.errors += errors;
    this.touch();
  }

  /** Bucket, weight, bucket, weight … */
  addLatency(pairs: readonly number[]): void {
    this.#weights ??= new Float64Array(BUCKETS);
    for (let at = 0; at < pairs.length; at += 2) this.#weights[pairs[at]!]! += pairs[at + 1]!;
    this.touch();
  }

  get isActive(): boolean {
    return this.requests > 0 || this.hasLatency;
  }

  totals(): Totals {
    this.#sum ??= this.#allTime();
    return { counts: this.#sum.counts(), rates: this.#rates() };
  }

  #allTime(): CountSum {
    const all = new CountSum();
    for (const flow of this.#flows) {
      const sum = this.#totals.of(flow);
      if (sum !== undefined) all.addAll(sum);
    }
    return all;
  }

  /** Of a number in the window. */
  perSecond(count: number): number {
    return Math.round((count / this.#seconds) * 100) / 100;
  }

  #rates(): Rates {
    const latency = this.#weights === undefined ? undefined : quantiles(this.#weights);
    return {
      seconds: this.#seconds,
      perSecond: this.perSecond(this.requests),
      errorsPerSecond: this.perSecond(this.errors),
      errorRatio: this.requests === 0 ? 0 : Math.round((this.errors / this.requests) * 1e4) / 1e4,
      ...(latency === undefined ? {} : { latency }),
    };
  }
}
