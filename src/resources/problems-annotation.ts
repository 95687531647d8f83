import { formatProblem, type Problem } from "#lib/problem.ts";

/** On an object in a cluster's API: what is wrong with it. Written by the control plane, and never read as the object's own. */
export const PROBLEMS_ANNOTATION = "binnacle.dev/problems";

/** So many lines tell what kind of trouble it is; an object's annotations have 256 KiB in all. */
const MOST_LINES = 20;
const LONGEST_LINE = 1000;

/** One problem a line; undefined without any. Equal problems give equal bytes. */
export function problemsText(problems: readonly Problem[]): string | undefined {
  if (problems.length === 0) return undefined;
  const lines = problems.slice(0, MOST_LINES).map(({ severity, path, message, fix }) => {
    const line = `${severity}: ${formatProblem({ severity, path, message, ...(fix === undefined ? {} : { fix }) })}`;
    return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
  });
  const more = problems.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
}
