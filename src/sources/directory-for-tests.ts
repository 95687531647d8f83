import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { silentLogger } from "#lib/log.ts";
import { formatProblem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { DirectorySource, type DirectoryTimes } from "./directory.ts";
import { RecordingSink } from "./recording-sink.ts";

/**
 * So short that a test need not wait; the repair comes only where a test asks for it. A file that a test is writing counts as
 * unfinished for as long as a machine that is busy with others may take for it.
 */
export const TIMES: DirectoryTimes = { quiet: 5, unfinished: 300, repair: 3_600_000, missing: 20 };

interface HouseOptions {
  readonly times?: Partial<DirectoryTimes>;
  readonly remembered?: Readonly<Record<string, readonly ObjectRef[]>>;
  /** The directory below the temporary one. */
  readonly directory?: string;
}

/** A source that follows a temporary directory: `await using house = await House.open(files)`. */
export class House implements AsyncDisposable {
  readonly sink: RecordingSink;
  readonly source: DirectorySource;
  readonly #base: string;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  #synced = false;

  private constructor(base: string, options: HouseOptions) {
    this.#base = base;
    this.sink = new RecordingSink(options.remembered);
    this.source = new DirectorySource({
      directory: join(base, options.directory ?? "m"),
      sink: this.sink,
      log: silentLogger,
      validation: { unknownFields: "error" },
      onSynced: () => {
        this.#synced = true;
        this.sink.wake();
      },
      onProblems: () => this.sink.wake(),
      times: { ...TIMES, ...options.times },
    });
    this.#run = this.source.run(this.#stop.signal);
  }

  /** With the directory `m` and the files, by their paths below the temporary directory, read already. */
  static async open(files: Readonly<Record<string, string>>, options: HouseOptions = {}): Promise<House> {
    const base = await mkdtemp(join(tmpdir(), "binnacle-sources-"));
    await mkdir(join(base, "m"));
    for (const [path, text] of Object.entries(files)) await put(join(base, path), text);
    const house = new House(base, options);
    await house.sink.until(() => house.#synced);
    return house;
  }

  /** Without anything in the temporary directory, and nothing awaited. */
  static async openMissing(options: HouseOptions = {}): Promise<House> {
    return new House(await mkdtemp(join(tmpdir(), "binnacle-sources-")), options);
  }

  get synced(): boolean {
    return this.#synced;
  }

  path(path: string): string {
    return join(this.#base, path);
  }

  write(path: string, text: string): Promise<void> {
    return put(this.path(path), text);
  }

  /** As editors and configuration management save: a new file is put in the old one's place. */
  async replace(path: string, text: string): Promise<void> {
    await writeFile(this.path(`${path}.new`), text);
    await rename(this.path(`${path}.new`), this.path(path));
  }

  remove(path: string): Promise<void> {
    return rm(this.path(path), { recursive: true });
  }

  async untilNames(...names: string[]): Promise<void> {
    await this.sink.until(
      () =>
        this.sink.names().join() ===
        names
          .map((name) => `Namespace ${name}`)
          .sort()
          .join(),
    );
  }

  /** All calls as one list, with paths below the temporary directory. */
  calls(): string[] {
    return this.sink.calls.flat().map((line) => line.replaceAll(`${this.#base}/`, ""));
  }

  problems(): string[] {
    return this.source.problems().map((problem) => formatProblem(problem).replaceAll(`${this.#base}/`, ""));
  }

  async untilProblems(...expected: (string | RegExp)[]): Promise<void> {
    const holds = (): boolean => {
      const found = this.problems();
      return (
        found.length === expected.length &&
        expected.every((wanted, index) =>
          typeof wanted === "string" ? found[index] === wanted : wanted.test(found[index] ?? ""),
        )
      );
    };
    await this.sink.until(holds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
    await rm(this.#base, { recursive: true, force: true });
  }
}

/** Writes a file with the folders above it. */
export async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
