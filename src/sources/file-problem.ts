import { errorCode, hasCode } from "#lib/error-code.ts";
import type { Problem } from "#lib/problem.ts";

/** A problem of a whole file or folder. */
export function fileProblem(file: string, message: string, fix?: string): Problem {
  return { severity: "error", path: "", message, origin: { file }, ...(fix === undefined ? {} : { fix }) };
}

/** As {@link fileProblem}, of a failed call to the operating system. */
export function systemProblem(file: string, what: string, error: unknown): Problem {
  const code = errorCode(error);
  const fix = code === "EACCES" || code === "EPERM" ? "let the user that runs Binnacle read it" : undefined;
  return fileProblem(file, `cannot ${what}${code === undefined ? "" : `: ${REASONS[code] ?? code}`}`, fix);
}

/** Whether the error says that there is nothing under a path. */
export function isGone(error: unknown): boolean {
  return hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR");
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "it does not exist",
  ENOTDIR: "it is not a folder",
  ELOOP: "its symbolic links lead in a circle",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENOSPC: "the system's limit of watched folders is reached (fs.inotify.max_user_watches)",
  EIO: "the disk or network file system failed",
};
