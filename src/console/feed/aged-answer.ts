import type { Polled } from "./poll.ts";

/** An answer that says how old it is. */
export interface AgedAnswer<T> extends Polled<T> {
  /** When the answer came: milliseconds since the epoch, by the appliance's clock. Undefined: none has come. */
  readonly asOf: number | undefined;
}

export const NOT_ANSWERED: AgedAnswer<never> = { answer: undefined, error: undefined, asOf: undefined };

/** @param before what was known of the same question */
export function aged<T>(polled: Polled<T>, before: AgedAnswer<T> | undefined, now: number): AgedAnswer<T> {
  return { ...polled, asOf: polled.error === undefined ? now : before?.asOf };
}
