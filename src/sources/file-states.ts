import type { Stats } from "node:fs";
import type { Problem } from "#lib/problem.ts";
import type { ValidateOptions } from "#resources/validate.ts";
import type { Claims } from "./claims.ts";
import { isBelow } from "./is-below.ts";
import { type Manifest, readManifest, textDigest } from "./manifest.ts";
import { type FileText, readManifestFile } from "./read-file.ts";
import { identity } from "./scan-tree.ts";

interface FileState {
  /** Tells whether the file may have changed; undefined: look again whenever there is an occasion. */
  readonly signature: string | undefined;
  readonly identity: string;
  /** Of its text. */
  readonly digest: string;
  readonly manifest?: Manifest;
  readonly problem?: Problem;
}

interface Postponed {
  readonly digest: string;
  readonly times: number;
}

/** A file that changed less than this long ago, in milliseconds, may still be being written. */
const FRESH = 1000;
/** A file that goes on changing while it is broken is believed in the end. */
const MOST_POSTPONEMENTS = 10;
/** How many files are read at the same time. */
const READ_TOGETHER = 32;

/** What was read of each file, so that only what changed is read again, and tells it to the claims. */
export class FileStates {
  readonly #claims: Claims;
  readonly #options: ValidateOptions;
  readonly #states = new Map<string, FileState>();
  readonly #postponed = new Map<string, Postponed>();

  constructor(claims: Claims, options: ValidateOptions) {
    this.#claims = claims;
    this.#options = options;
  }

  get size(): number {
    return this.#states.size;
  }

  /** The known files at and below a path. */
  at(path: string): readonly string[] {
    if (this.#states.has(path)) return [path];
    return [...this.#states.keys()].filter((file) => isBelow(file, path));
  }

  forget(path: string): void {
    this.#states.delete(path);
    this.#postponed.delete(path);
    this.#claims.delete(path);
  }

  /** The file is there and nobody can tell what it says. */
  refuse(path: string, problem: Problem, stats?: Stats): void {
    const known = this.#states.get(path);
    if (known?.problem?.message === problem.message) return;
    // A file that is too large stays so until it changes; other reasons may pass without a trace on the file.
    const signature = stats === undefined ? undefined : signatureOf(stats);
    this.#states.set(path, { signature, identity: known?.identity ?? "", digest: "", problem });
    this.#claims.set(path, { unreadable: problem });
  }

  /**
   * Reads those of the files that changed.
   *
   * @returns files that look as if they were still being written: they are left as they were, look again in a moment
   */
  async read(files: ReadonlyMap<string, Stats>, pause: () => Promise<void> | undefined): Promise<readonly string[]> {
    const changed = [...files].filter(([path, stats]) => this.#states.get(path)?.signature !== signatureOf(stats));
    const unfinished: string[] = [];
    for (let start = 0; start < changed.length; start += READ_TOGETHER) {
      const together = changed.slice(start, start + READ_TOGETHER);
      const texts = await Promise.all(
        together.map(async ([path, stats]) => ({ path, stats, read: await readManifestFile(path, stats) })),
      );
      for (const { path, stats, read } of texts) {
        if ((await this.#take(path, stats, read, pause)) === "unfinished") unfinished.push(path);
      }
    }
    return unfinished;
  }

  async #take(
    path: string,
    stats: Stats,
    read: FileText,
    pause: () => Promise<void> | undefined,
  ): Promise<"done" | "unfinished"> {
    if ("problem" in read) {
      this.refuse(path, read.problem, read.lasting ? stats : undefined);
      return "done";
    }
    const known = this.#states.get(path);
    const { text } = read;
    const digest = textDigest(text);
    const state = { signature: signatureOf(stats), identity: identity(stats), digest };
    if (known?.manifest !== undefined && known.digest === digest) {
      this.#postponed.delete(path);
      this.#states.set(path, { ...state, manifest: known.manifest });
      return "done";
    }
    const manifest = await readManifest(text, path, this.#options, pause, known?.manifest);
    if (this.#mayBeUnfinished(path, manifest, stats) && this.#postpone(path, digest)) return "unfinished";
    this.#postponed.delete(path);
    this.#states.set(path, { ...state, manifest });
    this.#claims.set(path, manifest);
    return "done";
  }

  /**
   * A file that somebody writes into is seen truncated or cut in the middle. One that was put in place by a rename is whole,
   * so what is missing in it was removed.
   */
  #mayBeUnfinished(path: string, { entries }: Manifest, stats: Stats): boolean {
    if (Date.now() - stats.mtimeMs > FRESH) return false;
    if (entries.some(({ type }) => type === "broken")) return true;
    return this.#states.get(path)?.identity === identity(stats) && this.#claims.countMissing(path, entries) > 0;
  }

  /** Whether it is worth waiting: not when the same content was seen before. */
  #postpone(path: string, digest: string): boolean {
    const before = this.#postponed.get(path);
    const times = (before?.times ?? 0) + 1;
    if (before?.digest === digest || times > MOST_POSTPONEMENTS) return false;
    this.#postponed.set(path, { digest, times });
    return true;
  }
}

function signatureOf(stats: Stats): string {
  return `${identity(stats)}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}
