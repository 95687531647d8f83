/** Where a piece of input stands: a file with a 1-based line, or an API's object path. */
export interface Origin {
  readonly file: string;
  readonly line?: number;
}

/**
 * One thing that is wrong with somebody's input, in the words they need: what, where, and what to do.
 * Expected, and so a value: it is collected and shown, never thrown.
 */
export interface Problem {
  readonly severity: "error" | "warning";
  /** Path of the field, e.g. `spec.rules[0].host`; empty when the whole document is meant. */
  readonly path: string;
  /** What was found and what was expected. No full stop at the end. */
  readonly message: string;
  /** What to do about it, as an imperative. */
  readonly fix?: string;
  readonly origin?: Origin;
}

/** `file:line: path: message (fix)`: one line, for terminals and logs. */
export function formatProblem(problem: Problem): string {
  const { origin } = problem;
  const at = origin === undefined ? "" : `${origin.file}${origin.line === undefined ? "" : `:${origin.line}`}: `;
  const path = problem.path === "" ? "" : `${problem.path}: `;
  const fix = problem.fix === undefined ? "" : `; ${problem.fix}`;
  return `${at}${path}${problem.message}${fix}`;
}
