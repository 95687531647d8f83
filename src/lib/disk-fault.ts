/** Of errno(3): the file system takes nothing now, whichever file it is. */
const ERRORS: ReadonlySet<unknown> = new Set(["EDQUOT", "EIO", "ENOSPC", "EROFS"]);

/** SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL and SQLITE_CANTOPEN (sqlite.org/rescode.html): by which of them it calls that varies. */
const SQLITE_ERRORS: ReadonlySet<number> = new Set([8, 10, 13, 14]);

/** Whether something failed because the disk takes nothing: it is full, over its quota, read-only or broken. */
export function isDiskFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && ERRORS.has(error.code)) return true;
  // The lowest byte is the kind; the others say more of it.
  if ("errcode" in error && SQLITE_ERRORS.has(Number(error.errcode) & 0xff)) return true;
  return isDiskFault(error.cause);
}
