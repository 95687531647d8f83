/** One measured figure. `gate`, where there is one, says what it has to hold: `<= 5`. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly gate?: string;
  /** Whether the gate holds; undefined without a gate. */
  readonly holds?: boolean;
}

export type Report = (result: Result) => void;

/** A benchmark: checks that what it measures is right, then measures it. Throws when it is not right. */
export interface Benchmark {
  readonly run: (report: Report) => Promise<void>;
}

/** A figure that must not be above `limit`. */
export function atMost(name: string, value: number, unit: string, limit: number): Result {
  return { name, value, unit, gate: `<= ${limit}`, holds: value <= limit };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
