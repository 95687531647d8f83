/**
 * What the operating system says of a file, as a sentence whose subject is the file, by the names of errno(3). What such an error
 * says of a connection (`connect ECONNREFUSED 10.0.0.1:80`) names who and where, and stays as it is.
 */
const PREDICATES: Readonly<Record<string, string>> = {
  EACCES: "must not be used by this user: permission denied",
  EBUSY: "is in use",
  EEXIST: "is there already, as something else",
  EFBIG: "would be too large",
  EIO: "cannot be read or written: the disk or network file system failed",
  EISDIR: "is a folder, and no file",
  ELOOP: "leads in a circle of symbolic links",
  ENAMETOOLONG: "is too long for the name of a file",
  ENOENT: "does not exist",
  ENOEXEC: "is no program that this machine can run",
  ENOTDIR: "leads through a file that is no folder",
  ENOTEMPTY: "is a folder that is not empty",
  EPERM: "must not be used by this user: permission denied",
  EROFS: "cannot be written: its file system is read-only",
  ETXTBSY: "is being written, or is a program that runs",
};

/** Those that say nothing about the file that was asked for. */
const STATES: Readonly<Record<string, string>> = {
  EDQUOT: "the user's share of the disk is full",
  EMFILE: "this process has too many files open",
  ENFILE: "this machine has too many files open",
  ENOMEM: "there is no memory left",
  ENOSPC: "there is no space left on the disk",
};

/**
 * The words for a system error about a file: `/etc/x.yaml does not exist (ENOENT)`; undefined for any other error.
 *
 * @param said what is said before it: where that names the file already, `it` stands for it
 */
export function systemWords(error: Error, said = ""): string | undefined {
  const { code = "", path, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return undefined;
  const state = STATES[code];
  if (state !== undefined) return `${state} (${code})`;
  const predicate = PREDICATES[code];
  // Of what is read by its descriptor nobody knows the name any more.
  const subject = path === undefined || new RegExp(`${RegExp.escape(path)}(?![\\w/.-])`).test(said) ? "it" : path;
  if (predicate === undefined || (path === undefined && said === "")) return undefined;
  return `${subject} ${predicate} (${code})`;
}
