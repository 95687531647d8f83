import { systemWords } from "./system-words.ts";

/** The words of anything that was thrown, with its causes, each once: `could not read x: it does not exist (ENOENT)`. */
export function errorMessage(error: unknown): string {
  return wordsOf(error, "");
}

function wordsOf(error: unknown, said: string): string {
  if (!(error instanceof Error)) return String(error);
  const own = systemWords(error, said) ?? error.message;
  if (error.cause === undefined) return own;
  // HTTP clients wrap a socket's error in one of their own that says the same.
  return own.endsWith(wordsOf(error.cause, "")) ? own : `${own}: ${wordsOf(error.cause, own)}`;
}
