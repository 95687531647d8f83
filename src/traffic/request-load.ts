import { isFailedCode } from "./code-class.ts";
import type { CountDelta } from "./counter-ledger.ts";
import type { Flow } from "./flows.ts";

/** From 0 to less than 1: the part of a route's ordinary requests that it has logged singly, by the entries' word for the route. */
export type RouteShares = ReadonlyMap<string, number>;

interface Load {
  readonly failed: number;
  readonly others: number;
  readonly loggable: number;
}

/** Requests a second by Envoy's counters, as the sampling needs them: those that the failures' log takes, and the rest. */
export class RequestLoad {
  readonly #byEnvoy = new Map<string, Load>();

  /** Of routes that are not here all requests may be logged. */
  routeShares: RouteShares = new Map();

  /** What was counted in so many milliseconds. */
  add(envoy: string, deltas: readonly CountDelta[], milliseconds: number): void {
    let [failed, others, loggable] = [0, 0, 0];
    for (const { flow, code, flags, requests } of deltas) {
      if (isFailedCode(code) || flags.length > 0) failed += requests;
      else {
        others += requests;
        loggable += requests * this.#share(flow);
      }
    }
    const seconds = Math.max(milliseconds, 100) / 1000;
    this.#byEnvoy.set(envoy, { failed: failed / seconds, others: others / seconds, loggable: loggable / seconds });
  }

  #share({ listener, routeKey }: Flow): number {
    if (this.routeShares.size === 0) return 1;
    return this.routeShares.get(routeKey.slice(listener.length + 1)) ?? 1;
  }

  forget(envoy: string): void {
    this.#byEnvoy.delete(envoy);
  }

  get failed(): number {
    return [...this.#byEnvoy.values()].reduce((sum, { failed }) => sum + failed, 0);
  }

  get others(): number {
    return [...this.#byEnvoy.values()].reduce((sum, { others }) => sum + others, 0);
  }

  /** Of the others, those that their routes want to have logged singly. */
  get loggable(): number {
    return [...this.#byEnvoy.values()].reduce((sum, { loggable }) => sum + loggable, 0);
  }
}
