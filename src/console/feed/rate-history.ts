import type { RouteTotals } from "#traffic/table-rows.ts";

/** Seconds that a route's small line shows. */
const SECONDS = 60;

/** Requests a second of each route over the last minute, as this page saw them: the feed itself sends no history of routes. */
export class RateHistory {
  #second = 0;
  #values = new Map<string, readonly number[]>();

  /** Notes the rates, at most once a second. Routes that are gone are forgotten. `time`: milliseconds since the epoch. */
  observe(time: number, routes: Iterable<RouteTotals>): void {
    const second = Math.floor(time / 1000);
    if (second === this.#second) return;
    this.#second = second;
    const next = new Map<string, readonly number[]>();
    for (const { key, rates } of routes) {
      next.set(key, [...(this.#values.get(key) ?? []), rates.perSecond].slice(-SECONDS));
    }
    this.#values = next;
  }

  values(): ReadonlyMap<string, readonly number[]> {
    return this.#values;
  }
}
