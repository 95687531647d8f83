import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { readTlsFiles, type TlsFiles, type TlsMaterial } from "./tls-files.ts";

/** A renewal writes two files: what comes within this time is read together. */
const QUIET_MS = 100;
/** Files may change where no event of their folder tells of it: behind symbolic links, on network file systems. */
const LOOK_EVERY_MS = 60_000;

/**
 * Follows the files through writes, renames and swaps of symbolic links. `onChange` gets each new content that is whole
 * and fits together; of any other there is one warning, and what was in use goes on.
 */
export class TlsFilesWatch implements Disposable {
  readonly #files: TlsFiles;
  readonly #onChange: (material: TlsMaterial) => void;
  readonly #log: Logger;
  readonly #watchers: readonly FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | undefined;
  #hash: string;
  #complaint: string | undefined;

  /** `hash` is that of the content in use. */
  constructor(files: TlsFiles, hash: string, onChange: (material: TlsMaterial) => void, log: Logger) {
    this.#files = files;
    this.#hash = hash;
    this.#onChange = onChange;
    this.#log = log;
    const folders = new Set([files.certificateFile, files.keyFile, files.clientCaFile].map((file) => dirname(file)));
    this.#watchers = [...folders].flatMap((folder) => this.#watch(folder));
    this.#poll = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
  }

  #watch(folder: string): readonly FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(this.#quiet);
        this.#quiet = setTimeout(() => this.#look(), QUIET_MS).unref();
      });
      watcher.on("error", (error) => this.#cannotWatch(folder, error));
      return [watcher];
    } catch (error) {
      this.#cannotWatch(folder, error);
      return [];
    }
  }

  #cannotWatch(folder: string, error: unknown): void {
    this.#log.warn("a folder of certificates cannot be watched; it is looked into once a minute", {
      folder,
      error: errorMessage(error),
    });
  }

  #look(): void {
    let material: TlsMaterial;
    try {
      material = readTlsFiles(this.#files);
    } catch (error) {
      const complaint = errorMessage(error);
      if (complaint !== this.#complaint) {
        this.#log.warn("changed certificates are not taken up, those before go on", { error: complaint });
      }
      this.#complaint = complaint;
      return;
    }
    this.#complaint = undefined;
    if (material.hash === this.#hash) return;
    this.#hash = material.hash;
    this.#onChange(material);
  }
}
