import { closeSync, copyFileSync, fstatSync, openSync, readSync, renameSync, statSync, truncateSync } from "node:fs";

const MAX_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 64 * 1024;

/**
 * The file that Envoy writes its log into, with one older one beside it (`<path>.1`), so at most twice the bound on disk.
 * Envoy appends; it holds the file open longer than we live, so a file that is full is copied and emptied, not renamed,
 * while somebody may write to it.
 */
export class LogFile {
  readonly path: string;
  readonly #maxBytes: number;

  constructor(path: string, maxBytes: number = MAX_BYTES) {
    this.path = path;
    this.#maxBytes = maxBytes;
  }

  /** For a new process: a file descriptor that appends, and where its part begins. The caller closes it. */
  open(othersWrite: boolean): { readonly fd: number; readonly start: number } {
    if (othersWrite) this.bound();
    else if (this.#isFull()) renameSync(this.path, `${this.path}.1`);
    const fd = openSync(this.path, "a", 0o600);
    return { fd, start: fstatSync(fd).size };
  }

  /** Empties the file if it is full, keeping a copy where that can be written: a full disk needs the room more. */
  bound(): void {
    if (!this.#isFull()) return;
    try {
      copyFileSync(this.path, `${this.path}.1`);
    } catch {
      // The bound is what counts; what Envoy said is lost, and the next copy may succeed.
    }
    truncateSync(this.path);
  }

  /** What was written from `start` on, or the last of it. Empty when there is none. */
  since(start: number): string {
    let fd: number;
    try {
      fd = openSync(this.path, "r");
    } catch {
      return "";
    }
    try {
      const { size } = fstatSync(fd);
      const from = Math.max(size < start ? 0 : start, size - TAIL_BYTES);
      const bytes = Buffer.alloc(size - from);
      return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, from));
    } finally {
      closeSync(fd);
    }
  }

  #isFull(): boolean {
    return (statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) >= this.#maxBytes;
  }
}
