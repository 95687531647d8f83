/** The words of anything that was thrown, with its causes: `could not read x: ENOENT …`. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `: ${errorMessage(error.cause)}`;
  return `${error.message}${cause}`;
}
