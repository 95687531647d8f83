/** The words of anything that was thrown, with its causes, each once: `could not read x: ENOENT …`. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = errorMessage(error.cause);
  // HTTP clients wrap a socket's error in one of their own that says the same.
  return error.message.endsWith(cause) ? error.message : `${error.message}: ${cause}`;
}
