import type { AccessLogName } from "#xds/resources/access-log.ts";
import type { Batch } from "./receiver-messages.ts";

/** What came in of single requests since the start, and what did not. */
export class IntakeCounts {
  readonly #received: Record<AccessLogName, number> = { failures: 0, sample: 0 };
  readonly #lost = { envoy: 0, receiver: 0 };
  #malformed = 0;
  #lagSeconds: number | undefined;

  get received(): Readonly<Record<AccessLogName, number>> {
    return { ...this.#received };
  }

  /** Dropped by Envoy before they were sent, and by the receiver because there were too many at once. */
  get lost(): { readonly envoy: number; readonly receiver: number } {
    return { ...this.#lost };
  }

  get malformed(): number {
    return this.#malformed;
  }

  /** From the end of the newest request to its entry here; undefined without entries. */
  get lagSeconds(): number | undefined {
    return this.#lagSeconds;
  }

  /** `now` in milliseconds since the epoch. */
  add({ received, malformed, dropped, newest }: Batch, now: number): void {
    this.#received.failures += received.failures;
    this.#received.sample += received.sample;
    this.#malformed += malformed;
    this.#lost.receiver += dropped;
    if (newest !== undefined) this.#lagSeconds = Math.max(0, now - newest) / 1000;
  }

  addLostByEnvoy(entries: number): void {
    this.#lost.envoy += entries;
  }
}
