import { chmodSync, lstatSync, renameSync, rmSync } from "node:fs";
import { errorMessage } from "./error-message.ts";
import type { Logger } from "./log.ts";

/** Milliseconds. One look costs some microseconds. */
const LOOK_EVERY = 1_000;

export interface PlacedSocketOptions {
  readonly path: string;
  /** Begins to listen at another path. Called again it leaves the one before, and the connections that came by it go on. */
  readonly listen: (path: string) => Promise<unknown>;
  readonly log: Logger;
}

/**
 * A Unix socket (mode 0600) under the name by which others look for it. It is made under another name and moved into place:
 * whoever holds the name already goes on with its connections while new ones come here, and nobody finds a socket that does
 * not listen yet. A socket whose file is deleted, or replaced, goes on without anybody being able to reach it, and its owner
 * hears nothing of that: so the file is looked at, and the socket made anew.
 */
export class PlacedSocket implements AsyncDisposable {
  readonly #options: PlacedSocketOptions;
  #inode: bigint | undefined;
  #look: NodeJS.Timeout | undefined;
  #placing: Promise<void> = Promise.resolve();
  #attempts = 0;
  #trouble: "none" | "lost" | "failing" = "none";

  private constructor(options: PlacedSocketOptions) {
    this.#options = options;
  }

  /** Resolves when the socket is in place. Throws what `listen` throws. */
  static async place(options: PlacedSocketOptions): Promise<PlacedSocket> {
    const own = new PlacedSocket(options);
    await own.#place();
    own.#lookLater();
    return own;
  }

  /** Looks no more. The file stays: who takes the name over moves another one there. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#look);
    await this.#placing;
    clearTimeout(this.#look);
  }

  async #place(): Promise<void> {
    const { path, listen } = this.#options;
    // Never the same name twice: what failed to listen at one may still hold it.
    const fresh = `${path}.new${this.#attempts++ || ""}`;
    try {
      rmSync(fresh, { force: true });
      await listen(fresh);
      chmodSync(fresh, 0o600);
      const inode = inodeOf(fresh);
      renameSync(fresh, path);
      this.#inode = inode;
    } catch (error) {
      rmSync(fresh, { force: true });
      throw error;
    }
  }

  #lookLater(): void {
    this.#look = setTimeout(() => {
      this.#placing = this.#restore().finally(() => this.#lookLater());
    }, LOOK_EVERY).unref();
  }

  async #restore(): Promise<void> {
    const { path, log } = this.#options;
    try {
      // As long as it listens its inode is nobody else's.
      if (inodeOf(path) === this.#inode) return;
      if (this.#trouble === "none") log.warn("a socket was deleted or replaced, and is made anew", { path });
      if (this.#trouble === "none") this.#trouble = "lost";
      await this.#place();
      this.#trouble = "none";
      log.info("the socket is in its place again", { path });
    } catch (error) {
      if (this.#trouble === "failing") return;
      this.#trouble = "failing";
      log.error("a socket cannot be made anew; it is tried every second", { path, error: errorMessage(error) });
    }
  }
}

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
