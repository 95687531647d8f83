import { CountSum } from "./counts.ts";
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
  readonly sum = new CountSum();
  /** Must be told to who sees it. */
  isDirty = true;
  /** In the window. */
  requests = 0;
  errors = 0;
  #weights: Float64Array | undefined;
  #seconds = 1;

  constructor(key: string, kind: K) {
    this.key = key;
    this.kind = kind;
  }

  /** Empties the window; afterwards it is added to again. */
  beginWindow(seconds: number): void {
    if (this.requests > 0 || this.#weights !== undefined) this.isDirty = true;
    this.#seconds = seconds;
    this.requests = 0;
    this.errors = 0;
    this.#weights = undefined;
    if (this.kind.table === "routes") this.kind.upstreams.clear();
  }

  addCounts(requests: number, errors: number): void {
    this.requests += requests;
    this.errors += errors;
    this.isDirty = true;
  }

  addLatency(bucket: number, weight: number): void {
    this.#weights ??= new Float64Array(BUCKETS);
    this.#weights[bucket]! += weight;
    this.isDirty = true;
  }

  get isActive(): boolean {
    return this.requests > 0 || this.#weights !== undefined;
  }

  totals(): Totals {
    return { counts: this.sum.counts(), rates: this.#rates() };
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
