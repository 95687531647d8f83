import { CODE_CLASSES, classIndex, isFailedClass } from "./code-class.ts";
import type { CountDelta } from "./counter-ledger.ts";
import { drawn } from "./drawn.ts";
import { FlowChoice, type FlowFilter } from "./flow-choice.ts";
import type { Flow, FlowTable } from "./flows.ts";
import { BUCKETS, quantiles } from "./histogram.ts";
import type { InSteps } from "./in-turns.ts";
import type { CodeClass, Column, Phases } from "./table-rows.ts";
import { PHASE_NAMES } from "./phase-sums.ts";
import { Second } from "./second.ts";

export interface HistoryLimits {
  /** Seconds. */
  readonly seconds: number;
  readonly bytes: number;
}

/** Latencies of one flow in one second, from log entries. */
export interface LatencySum {
  readonly flow: Flow;
  /** Pairs of bucket and weight. */
  readonly buckets: Iterable<readonly [bucket: number, weight: number]>;
  /** See phase-sums.ts. */
  readonly phases: ArrayLike<number>;
}

/** Seconds that are still written to: entries and counters come some seconds late. */
const OPEN_SECONDS = 10;

/** Multiples of it, without their whole part, lie evenly between 0 and 1 however many there are. */
const GOLDEN = 0.618_034;

/** The last quarter of an hour, second by second and flow by flow, so that any choice of flows can be drawn. */
export class History {
  readonly #flows: FlowTable;
  readonly #limits: HistoryLimits;
  /** Rising, without gaps. */
  readonly #seconds: Second[] = [];
  readonly #touched = new Set<number>();
  /** Seconds before this one were kept once, and are not any more. */
  #droppedBefore = Number.NEGATIVE_INFINITY;

  constructor(flows: FlowTable, limits: HistoryLimits) {
    this.#flows = flows;
    this.#limits = limits;
  }

  /** Requests counted between two times (seconds, with fractions), spread evenly over them; whole numbers stay whole. */
  addCounts(deltas: readonly CountDelta[], from: number, to: number): void {
    const width = Math.max(to - from, 1e-3);
    const end = from + width;
    for (const [index, { flow, code, requests }] of deltas.entries()) {
      // Rounded up and down by turns: single requests of hundreds of flows would otherwise all come into the same second.
      const carry = (0.5 + index * GOLDEN) % 1;
      let given = 0;
      for (let at = Math.floor(from); at < end; at++) {
        const until = at + 1 >= end ? requests : Math.floor((requests * (at + 1 - from)) / width + carry);
        if (until > given) this.#second(at)?.addCount(flow.id, classIndex(code), until - given);
        given = Math.max(given, until);
      }
    }
  }

  addLatencies(at: number, sums: readonly LatencySum[]): void {
    const second = this.#second(at);
    if (second === undefined) return;
    for (const { flow, buckets, phases } of sums) {
      for (const [bucket, weight] of buckets) second.addLatency(flow.id, bucket, weight);
      second.addPhases(flow.id, phases);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#seconds.length = 0;
    this.#touched.clear();
    this.#droppedBefore = Number.NEGATIVE_INFINITY;
  }

  /** Drops what is too old or too much, and seals what is over. `now` in seconds. */
  trim(now: number): void {
    let bytes = this.#seconds.reduce((sum, second) => sum + second.bytes, 0);
    const oldest = now - this.#limits.seconds;
    while (this.#seconds[0] !== undefined && (this.#seconds[0].at < oldest || bytes > this.#limits.bytes)) {
      const dropped = this.#seconds.shift();
      bytes -= dropped?.bytes ?? 0;
      this.#droppedBefore = (dropped?.at ?? 0) + 1;
    }
    for (const second of this.#seconds) if (second.at < now - OPEN_SECONDS) second.seal();
  }

  /** The seconds in `[from, to)`, in seconds since the epoch, rising; those without traffic too. */
  between(from: number, to: number): readonly Second[] {
    const first = this.#seconds[0]?.at ?? 0;
    return this.#seconds.slice(Math.max(0, from - first), Math.max(0, to - first));
  }

  /** The seconds before `before` that have changed since they were last taken, rising. */
  takeTouched(before: number): readonly number[] {
    const taken = [...this.#touched].filter((at) => at < before).sort((a, b) => a - b);
    for (const at of taken) this.#touched.delete(at);
    return taken;
  }

  /** Start of the oldest second, in seconds; undefined while there is none. */
  get since(): number | undefined {
    return this.#seconds[0]?.at;
  }

  get bytes(): number {
    return this.#seconds.reduce((sum, second) => sum + second.bytes, 0);
  }

  /** Columns of the flows that pass, of the seconds `[from, to)`, rising. What it returns gives them as they are when it is asked. */
  *columns(range: () => readonly [from: number, to: number], filter: FlowFilter): InSteps<() => Column[]> {
    const seconds = (): readonly Second[] => this.between(...range());
    let choice = new FlowChoice(this.#flows, filter);
    const columnOf = yield* drawn(
      seconds,
      (second) => second.changes,
      (second) => column(second, choice),
    );
    return () => {
      // There may be more flows than there were.
      choice = new FlowChoice(this.#flows, filter);
      return seconds().map((second) => columnOf(second));
    };
  }

  /** Those of these seconds that are kept. */
  columnsAt(seconds: readonly number[], filter: FlowFilter): readonly Column[] {
    const choice = new FlowChoice(this.#flows, filter);
    return seconds.flatMap((at) => this.between(at, at + 1).map((second) => column(second, choice)));
  }

  /** The second that begins at `at`, made if need be; undefined when it is older than all that is kept. */
  #second(at: number): Second | undefined {
    const whole = Math.floor(at);
    const first = this.#seconds[0];
    if (first === undefined) this.#seconds.push(new Second(whole));
    const last = this.#seconds.at(-1)?.at ?? whole;
    if (first !== undefined && whole < first.at) {
      if (whole < this.#droppedBefore || last - whole > this.#limits.seconds) return undefined;
      // A reading of the counters goes further back than the first entry.
      for (let before = first.at - 1; before >= whole; before--) this.#seconds.unshift(new Second(before));
    }
    // A gap as long as all that is kept is a clock that jumped: what was is of no use then.
    if (whole - last > this.#limits.seconds) this.#seconds.splice(0, this.#seconds.length, new Second(whole));
    else for (let next = last + 1; next <= whole; next++) this.#seconds.push(new Second(next));
    this.#touched.add(whole);
    return this.#seconds[whole - (this.#seconds[0]?.at ?? whole)];
  }
}

function column(second: Second, choice: FlowChoice): Column {
  const sums = second.sums(choice);
  const classes: Partial<Record<CodeClass, number>> = {};
  let [requests, errors] = [0, 0];
  for (const [index, name] of CODE_CLASSES.entries()) {
    const amount = sums.counts[index]!;
    if (amount === 0) continue;
    classes[name] = amount;
    requests += amount;
    if (isFailedClass(index)) errors += amount;
  }
  const latency: [number, number][] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const weight = sums.latency[bucket]!;
    if (weight > 0) latency.push([bucket, Math.round(weight * 10) / 10]);
  }
  return {
    time: second.at * 1000,
    requests,
    errors,
    classes,
    latency,
    quantiles: quantiles(sums.latency),
    phases: phaseMeans(sums.phases),
  };
}

function phaseMeans(sums: Float64Array): Phases | undefined {
  const means: { -readonly [K in keyof Phases]: Phases[K] } = {};
  for (const [index, name] of PHASE_NAMES.entries()) {
    const weight = sums[index * 2 + 1] ?? 0;
    if (weight > 0) means[name] = Math.round(((sums[index * 2] ?? 0) / weight) * 100) / 100;
  }
  return Object.keys(means).length === 0 ? undefined : means;
}
