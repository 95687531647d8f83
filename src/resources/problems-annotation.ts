/** On an object in a cluster's API: what is wrong with it. Written by the control plane, and never read as the object's own. */
export const PROBLEMS_ANNOTATION = "binnacle.dev/problems";

export interface AnnotatedProblem {
  readonly severity: "error" | "warning";
  /** CamelCase: `ServiceNotFound`. */
  readonly reason: string;
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}

/** So many lines tell what kind of trouble it is; an object's annotations have 256 KiB in all. */
const MOST_LINES = 20;
const LONGEST_LINE = 1000;

/** `error ServiceNotFound spec.rules[0]: there is no …; create it`. */
export function problemLine({ severity, reason, path, message, fix }: AnnotatedProblem): string {
  const where = path === "" ? "" : ` ${path}`;
  return `${severity} ${reason}${where}: ${message}${fix === undefined ? "" : `; ${fix}`}`;
}

/** One problem a line; undefined without any. Equal problems give equal bytes. */
export function problemsText(problems: readonly AnnotatedProblem[]): string | undefined {
  if (problems.length === 0) return undefined;
  const lines = problems.slice(0, MOST_LINES).map((problem) => {
    const line = problemLine(problem);
    return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
  });
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}
