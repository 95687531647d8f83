import { Counter, Gauge, type Registry } from "prom-client";

/** One value with its labels; a metric without labels has `{}`. */
export interface Sample<L extends string> {
  readonly labels: Readonly<Record<L, string>>;
  readonly value: number;
}

export interface FedMetric<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Called at each scrape. What it does not return any more is gone from the answer: no label set outlives its object. */
  readonly read: () => Iterable<Sample<L>>;
}

/** A gauge whose values are asked for when somebody scrapes, instead of being written at each change. */
export function fedGauge<L extends string>(registry: Registry, metric: FedMetric<L>): void {
  const { name, help, labels, read } = metric;
  const made = new Gauge<L>({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      // A gauge without labels is 0 after a reset; unknown is not 0.
      if (labels.length === 0) this.remove();
      for (const sample of read()) this.set(sample.labels, sample.value);
    },
  });
  registry.registerMetric(made);
}

/** As {@link fedGauge}, of totals that somebody else counts: each value is the sum since that part started. */
export function fedCounter<L extends string>(registry: Registry, metric: FedMetric<L>): void {
  const { name, help, labels, read } = metric;
  const made = new Counter<L>({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const sample of read()) this.inc(sample.labels, sample.value);
    },
  });
  registry.registerMetric(made);
}

/** Where a part's numbers are read from, once the part is there. */
export class Feed<T> {
  #source: T | undefined;

  connect(source: T): void {
    this.#source = source;
  }

  /** The samples that `of` makes of the source; none before there is one. */
  read<S>(of: (source: T) => Iterable<S>): Iterable<S> {
    return this.#source === undefined ? [] : of(this.#source);
  }
}

/** The sample of a metric without labels; none while the value is not known. */
export function single(value: number | undefined): Sample<never>[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}
