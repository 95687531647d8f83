/** The code that Node or the system gave an error (`ENOENT`, `ERR_STREAM_PREMATURE_CLOSE`); undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether the error has this {@link errorCode}. */
export function hasCode(error: unknown, code: string): boolean {
  return errorCode(error) === code;
}
