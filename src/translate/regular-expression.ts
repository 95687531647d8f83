import { RE2JS } from "re2js";

/** What is wrong with a regular expression, by the rules of the engine that Envoy uses (RE2); undefined when nothing is. */
export function regexProblem(pattern: string): string | undefined {
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
