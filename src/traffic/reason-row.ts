import type { FailureFacts } from "./failure-facts.ts";
import type { Why } from "./request-shown.ts";

/** A row of a table of reasons: sentences without a full stop, for a person on call. */
export interface ReasonRow {
  /** Who most likely has to act. */
  readonly side: Why["side"];
  /** What happened, and to whom. */
  summary(facts: FailureFacts): string;
  /** What is known about it. */
  detail(facts: FailureFacts): string;
  /** What to do first. */
  nextStep(facts: FailureFacts): string;
}

/** With the state of the upstream's endpoints at that time. */
export function withHealth(text: string, { health }: FailureFacts): string {
  return health === "" ? text : `${text}; ${health}`;
}
