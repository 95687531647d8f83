import { isFailedCode } from "./code-class.ts";
import type { CountDelta } from "./counter-ledger.ts";

/** Requests a second by Envoy's counters, as the sampling needs them: those that the failures' log takes, and the rest. */
export class RequestLoad {
  readonly #byEnvoy = new Map<string, { readonly failed: number; readonly others: number }>();

  /** What was counted in so many milliseconds. */
  add(envoy: string, deltas: readonly CountDelta[], milliseconds: number): void {
    let [failed, others] = [0, 0];
    for (const { code, flags, requests } of deltas) {
      if (isFailedCode(code) || flags.length > 0) failed += requests;
      else others += requests;
    }
    const seconds = Math.max(milliseconds, 100) / 1000;
    this.#byEnvoy.set(envoy, { failed: failed / seconds, others: others / seconds });
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
}
