import { RE2JS } from "re2js";

/** To read one takes time that grows with the square of its length: at this one some ten milliseconds, in which nothing else is done. */
const LONGEST = 16_384;

/** What is wrong with a regular expression, by the rules of the engine that Envoy uses (RE2); undefined when nothing is. */
export function regexProblem(pattern: string): string | undefined {
  if (pattern.length > LONGEST) return `it has ${pattern.length} characters, and ${LONGEST} are the most`;
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The expression that matches this very text. */
export function quoteRegex(text: string): string {
  return RE2JS.quote(text);
}
