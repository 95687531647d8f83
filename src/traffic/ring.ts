import type { RequestRow } from "./request-shown.ts";

export interface RingLimits {
  /** Milliseconds. */
  readonly age: number;
  readonly bytes: number;
}

interface Kept {
  readonly row: RequestRow;
  readonly bytes: number;
  /** When it came in, in milliseconds since the epoch. */
  readonly at: number;
}

/** Objects, numbers and pointers of a row in V8, by measurement; its own strings come on top. */
const ROW_BYTES = 500;

/** The single requests that are kept, oldest first; bounded by age and by memory. */
export class RequestRing {
  readonly #limits: RingLimits;
  #kept: Kept[] = [];
  /** Index of the oldest: the list is cut only now and then. */
  #start = 0;
  #bytes = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  push(row: RequestRow, now: number): void {
    const bytes = sizeOf(row);
    this.#kept.push({ row, bytes, at: now });
    this.#bytes += bytes;
    this.trim(now);
  }

  trim(now: number): void {
    for (;;) {
      const oldest = this.#kept[this.#start];
      if (oldest === undefined) break;
      if (oldest.at >= now - this.#limits.age && this.#bytes <= this.#limits.bytes) break;
      this.#bytes -= oldest.bytes;
      this.#start++;
    }
    if (this.#start > 1024 && this.#start * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#start);
      this.#start = 0;
    }
  }

  get size(): number {
    return this.#kept.length - this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest row came in; undefined without rows. */
  get since(): number | undefined {
    return this.#kept[this.#start]?.at;
  }

  /** Newest first. */
  *newest(): Generator<RequestRow> {
    for (let index = this.#kept.length - 1; index >= this.#start; index--) {
      const kept = this.#kept[index];
      if (kept !== undefined) yield kept.row;
    }
  }

  /** The newest rows that pass and began in `[from, to)`, newest first, and whether there are more of them. */
  query(
    passes: (row: RequestRow) => boolean,
    { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
  ): { readonly rows: readonly RequestRow[]; readonly more: boolean } {
    const rows: RequestRow[] = [];
    for (const row of this.newest()) {
      if (row.time < from || row.time >= to || !passes(row)) continue;
      if (rows.length === limit) return { rows, more: true };
      rows.push(row);
    }
    return { rows, more: false };
  }
}

/** Strings that a row holds for itself; those that many rows share (host, route, cluster) are counted with the row. */
function sizeOf({ path, userAgent, requestId, details, transportFailure, authority, why }: RequestRow): number {
  const own = path.length + userAgent.length + requestId.length + details.length + transportFailure.length;
  const told = why === undefined ? 0 : 100 + why.summary.length + why.detail.length + why.nextStep.length;
  return ROW_BYTES + own + authority.length + told;
}
