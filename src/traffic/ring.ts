import type { InSteps } from "./in-turns.ts";
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

export interface RowRange {
  /** When they began, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

const ROWS_IN_A_STEP = 500;

/** Objects, numbers and pointers of a row in V8, by measurement; its own strings come on top. */
const ROW_BYTES = 500;

/** The single requests that are kept, oldest first; bounded by age and by memory. */
export class RequestRing {
  readonly #limits: RingLimits;
  #kept: (Kept | undefined)[] = [];
  /** Index of the oldest: the list is cut only now and then, and holds nothing before it. */
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
      this.#kept[this.#start++] = undefined;
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
    // Rows may come and go while it is asked.
    const kept = this.#kept;
    for (let index = kept.length - 1; index >= 0; index--) {
      const found = kept[index];
      if (found === undefined) return;
      yield found.row;
    }
  }

  /**
   * The newest rows that pass and began in `[from, to)`, newest first: `limit` at most, and one more when there is. What it
   * returns gives them with those that have come in since.
   */
  *query(passes: (row: RequestRow) => boolean, { from, to, limit }: RowRange): InSteps<() => readonly RequestRow[]> {
    const isMeant = (row: RequestRow): boolean => row.time >= from && row.time < to && passes(row);
    const [first] = this.newest();
    const found: RequestRow[] = [];
    let looked = 0;
    for (const row of this.newest()) {
      if (found.length > limit) break;
      if (isMeant(row)) found.push(row);
      if (++looked % ROWS_IN_A_STEP === 0) yield "next";
    }
    return () => {
      const since: RequestRow[] = [];
      for (const row of this.newest()) {
        if (row === first || since.length > limit) break;
        if (isMeant(row)) since.push(row);
      }
      return [...since, ...found].slice(0, limit + 1);
    };
  }
}

/** Strings that a row holds for itself; those that many rows share (host, route, cluster) are counted with the row. */
function sizeOf({ path, userAgent, requestId, details, transportFailure, authority, why }: RequestRow): number {
  const own = path.length + userAgent.length + requestId.length + details.length + transportFailure.length;
  const told = why === undefined ? 0 : 100 + why.summary.length + why.detail.length + why.nextStep.length;
  return ROW_BYTES + own + authority.length + told;
}
