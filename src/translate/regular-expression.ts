import { RE2JS } from "re2js";
import { MOST_EXPRESSION_STEPS } from "#lib/expression-steps.ts";

/** To read one takes time that grows with the square of its length: at this one some ten milliseconds, in which nothing else is done. */
const LONGEST = 16_384;

/** What is wrong with a regular expression, by the rules of the engine that Envoy uses (RE2); undefined when nothing is. */
export function regexProblem(pattern: string): string | undefined {
  if (pattern.length > LONGEST) return `it has ${pattern.length} characters, and ${LONGEST} are the most`;
  const estimate = stepsOf(pattern);
  if (estimate > 4 * MOST_EXPRESSION_STEPS)
    return `as a program it has about ${estimate} steps, and ${MOST_EXPRESSION_STEPS} are the most`;
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size <= MOST_EXPRESSION_STEPS
      ? undefined
      : `as a program it has ${size} steps, and ${MOST_EXPRESSION_STEPS} are the most`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A quoted text, a class of characters, one character, the beginning of a group, or how often what stands before is repeated. */
const TOKEN =
  /\\Q[^]*?(?:\\E|$)|\\(?:[pPx]\{[^}]*\}|[^])|\[\^?\]?(?:\\[^]|\[:[^\]]*:\]|[^\]\\])*\]|\((?:\?[^:>)]*[:>])?|\{\d+(?:,\d*)?\}|[^]/g;

/**
 * About how many steps an expression has as a program once its repetitions are written out, told without doing that: a thousand
 * characters are enough for a million steps, which take seconds and a gigabyte.
 */
function stepsOf(pattern: string): number {
  const outer: number[] = [];
  let sum = 0;
  let last = 0;
  for (const [token] of pattern.matchAll(TOKEN)) {
    const [, least, most = ""] = /^\{(\d+),?(\d*)\}$/.exec(token) ?? [];
    if (least !== undefined) {
      const times = Math.max(Number(least), Number(most));
      sum += last * (times - 1);
      last *= times;
    } else if (token.startsWith("(")) {
      outer.push(sum);
      sum = 0;
    } else if (token === ")") {
      last = sum + 1;
      sum = (outer.pop() ?? 0) + last;
    } else {
      last = 1;
      sum += token.startsWith("\\Q") ? token.length : 1;
    }
  }
  return outer.reduce((all, part) => all + part, sum);
}

/** The expression that matches this very text. */
export function quoteRegex(text: string): string {
  return RE2JS.quote(text);
}
