import type { Stats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { basename, dirname, join, normalize } from "node:path";
import { setTimeout } from "node:timers/promises";
import { counted } from "#lib/counted.ts";
import type { Logger } from "#lib/log.ts";
import { formatProblem, type Problem } from "#lib/problem.ts";
import type { ValidateOptions } from "#resources/validate.ts";
import type { SourceChange } from "#store/changes.ts";
import { breather } from "./breathe.ts";
import { ChangeBatch } from "./change-batch.ts";
import { Claims } from "./claims.ts";
import { isGone, systemProblem } from "./file-problem.ts";
import { FileStates } from "./file-states.ts";
import { FolderWatches } from "./folder-watches.ts";
import { foldersAbove, isBelow, pathBelow } from "./is-below.ts";
import { isHiddenName, isManifestName } from "./manifest-name.ts";
import { identity, lookProblem, scanTree } from "./scan-tree.ts";
import type { Source, SourceListener, SourceState } from "./source.ts";

export interface DirectorySourceOptions extends SourceListener {
  /** Origins name files by this path with what follows below it. */
  readonly directory: string;
  readonly log: Logger;
  readonly validation: ValidateOptions;
  readonly times?: Partial<DirectoryTimes>;
}

/** Milliseconds. */
export interface DirectoryTimes {
  /** How long nothing must change before changes are taken. */
  readonly quiet: number;
  /** After which time a file is read again that looks as if it were still being written. */
  readonly unfinished: number;
  /** How often everything is looked at without an occasion, so that what was missed is repaired. */
  readonly repair: number;
  /** How often a directory that is not there is looked for. */
  readonly missing: number;
}

const TIMES: DirectoryTimes = { quiet: 20, unfinished: 100, repair: 30_000, missing: 1000 };

/** How many problems of one change have a line each in the log; all of them are kept. */
const MOST_LOGGED = 20;

/**
 * A directory of manifests as the source of objects. What can go wrong with files is a problem and never ends it: a file that
 * cannot be read keeps its objects, and so does a directory that is gone.
 */
export class DirectorySource implements Source {
  readonly #root: string;
  readonly #options: DirectorySourceOptions;
  readonly #times: DirectoryTimes;
  readonly #claims: Claims;
  readonly #files: FileStates;
  readonly #batch: ChangeBatch;
  readonly #watches: FolderWatches;
  /** Folders below the directory that cannot be listed. */
  readonly #unlisted = new Map<string, Problem>();
  #missing: Problem | undefined;
  #lastSync: number | undefined;
  #problems: readonly Problem[] = [];

  constructor(options: DirectorySourceOptions) {
    const root = normalize(options.directory);
    this.#root = root.length > 1 && root.endsWith("/") ? root.slice(0, -1) : root;
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#claims = new Claims((file) => options.sink.refsFrom(file));
    this.#files = new FileStates(this.#claims, options.validation);
    this.#batch = new ChangeBatch(this.#times.quiet);
    this.#watches = new FolderWatches((path) => this.#hint(path));
  }

  /** What is wrong and belongs to no single object, by file and line. */
  problems(): readonly Problem[] {
    return this.#problems;
  }

  state(): SourceState {
    const wasRead = this.#lastSync !== undefined;
    return {
      state: this.#missing === undefined ? (wasRead ? "synced" : "syncing") : wasRead ? "stale" : "failed",
      lastSync: this.#lastSync,
      detail: this.#missing?.message ?? `${counted(this.#files.size, "file")} in ${this.#root}`,
    };
  }

  /** Reads the directory, then follows it until `signal`. Rejects only when the sink throws. Runs once. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#batch.close();
    const repair = setInterval(() => this.#batch.add(this.#root), this.#times.repair);
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) return;
      this.#batch.add(this.#root);
      for (let hints = await this.#batch.take(); hints !== undefined; hints = await this.#batch.take()) {
        await this.#sync(hints, signal);
      }
    } finally {
      clearInterval(repair);
      signal.removeEventListener("abort", stop);
      this.#batch.close();
      this.#watches.close();
    }
  }

  /** Something is different at or below `path`. */
  #hint(path: string): void {
    if (path === this.#root) return this.#batch.add(path);
    if (!isBelow(path, this.#root)) return;
    const names = pathBelow(path, this.#root).split("/");
    const hidden = names.findIndex(isHiddenName);
    if (hidden === -1) this.#batch.add(path);
    // Kubernetes exchanges a volume's files by renaming the link `..data`, through which the files' own links lead.
    else if (names[hidden]?.startsWith("..") === true) this.#batch.add(join(this.#root, ...names.slice(0, hidden)));
  }

  async #sync(hints: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const pause = breather();
    const found = await this.#look(hints);
    if (found !== undefined) {
      let unfinished = await this.#files.read(found, pause);
      // What the sink hears first must be everything.
      while (this.#lastSync === undefined && unfinished.length > 0 && !signal.aborted) {
        await setTimeout(this.#times.unfinished, undefined, { signal }).catch(() => {});
        unfinished = await this.#files.read((await this.#look(new Set(unfinished))) ?? new Map(), pause);
      }
      if (signal.aborted) return;
      for (const path of unfinished) this.#batch.addLater(path, this.#times.unfinished);
      this.#tell();
    }
    this.#tellProblems();
  }

  #tell(): void {
    const changes = this.#claims.takeChanges();
    if (changes.length > 0) {
      this.#options.sink.apply(changes);
      this.#options.log.info("manifests changed", { objects: changes.length, files: this.#files.size });
      this.#logProblems(this.#refusals(changes));
    }
    const first = this.#lastSync === undefined;
    this.#lastSync = Date.now();
    if (first) this.#options.onSynced?.();
  }

  /** Why objects are refused, each reason once; what is wrong with a whole file is said of the file. */
  #refusals(changes: readonly SourceChange[]): readonly Problem[] {
    const ofFiles = new Set(this.#claims.fileProblems().map(formatProblem));
    const reasons = changes.flatMap((change) => (change.type === "refuse" ? change.problems : []));
    const told = new Map(reasons.map((problem) => [formatProblem(problem), problem]));
    return [...told].flatMap(([words, problem]) => (ofFiles.has(words) ? [] : [problem]));
  }

  #tellProblems(): void {
    const root = this.#missing === undefined ? [] : [this.#missing];
    const problems = [...root, ...this.#unlisted.values(), ...this.#watches.problems(), ...this.#claims.fileProblems()];
    const known = new Set(this.#problems.map(formatProblem));
    const fresh = problems.filter((problem) => !known.has(formatProblem(problem)));
    if (fresh.length === 0 && problems.length === this.#problems.length) return;
    this.#problems = problems;
    this.#logProblems(fresh);
    this.#options.onProblems?.(problems);
  }

  #logProblems(problems: readonly Problem[]): void {
    for (const problem of problems.slice(0, MOST_LOGGED)) this.#options.log.warn(formatProblem(problem));
    const more = problems.length - MOST_LOGGED;
    if (more > 0) this.#options.log.warn("and more problems in manifests", { count: more });
  }

  /** The files that stand at and below the paths; those that are gone are forgotten. `undefined` while the directory is missing. */
  async #look(paths: ReadonlySet<string>): Promise<ReadonlyMap<string, Stats> | undefined> {
    const found = new Map<string, Stats>();
    const gone: string[] = [];
    const outermost = [...paths].filter((path) => ![...foldersAbove(path)].some((above) => paths.has(above)));
    try {
      await this.#watchRoot();
      for (const path of paths.has(this.#root) ? [this.#root] : outermost) await this.#lookAt(path, found, gone);
      // What is gone because the directory is, stays.
      if (gone.length > 0) await stat(this.#root);
    } catch (error) {
      this.#missing = systemProblem(this.#root, "read the directory", error);
      this.#batch.addLater(this.#root, this.#times.missing);
      return undefined;
    }
    this.#missing = undefined;
    for (const path of gone) this.#files.forget(path);
    return found;
  }

  /** A directory that is itself a link, or is replaced, changes in the folder where it stands. */
  async #watchRoot(): Promise<void> {
    const stats = await stat(this.#root);
    if (!stats.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
    const above = dirname(this.#root);
    if (above !== this.#root) this.#watches.watch(above, await stat(above));
  }

  async #lookAt(path: string, found: Map<string, Stats>, gone: string[]): Promise<void> {
    let link: boolean;
    try {
      link = (await lstat(path)).isSymbolicLink();
    } catch (error) {
      if (!isGone(error)) return this.#cannotLook(path, error);
      gone.push(...this.#files.at(path));
      this.#watches.unwatchBelow(path, new Set());
      return this.#forgetUnlisted(path);
    }
    try {
      const stats = await stat(path);
      if (stats.isDirectory()) return await this.#lookBelow(path, found, gone);
      if (!stats.isFile() || !isManifestName(basename(path))) return void gone.push(...this.#files.at(path));
      if (link) this.#watches.watch(path, stats);
      else this.#watches.unwatch(path);
      found.set(path, stats);
    } catch (error) {
      if (path === this.#root) throw error;
      this.#cannotLook(path, error);
    }
  }

  async #lookBelow(path: string, found: Map<string, Stats>, gone: string[]): Promise<void> {
    const watched = new Set<string>();
    const watch = (folder: string, stats: Stats): void => {
      watched.add(folder);
      this.#watches.watch(folder, stats);
    };
    const above = [...foldersAbove(path)].filter((folder) => folder === this.#root || isBelow(folder, this.#root));
    if (path !== this.#root && this.#root === ".") above.push(".");
    const tree = await scanTree(
      path,
      await Promise.all(above.map(async (folder) => identity(await stat(folder)))),
      watch,
    );
    for (const [file, stats] of tree.files) found.set(file, stats);
    for (const [file, stats] of tree.links) watch(file, stats);
    for (const [file, problem] of tree.unreadable) this.#files.refuse(file, problem);
    this.#forgetUnlisted(path);
    for (const [folder, problem] of tree.unlisted) this.#unlisted.set(folder, problem);
    for (const file of this.#files.at(path)) {
      const isKnown = tree.files.has(file) || tree.unreadable.has(file);
      if (!isKnown && ![...foldersAbove(file)].some((above) => tree.unlisted.has(above))) gone.push(file);
    }
    this.#watches.unwatchBelow(path, watched);
  }

  #cannotLook(path: string, error: unknown): void {
    if (isManifestName(basename(path))) this.#files.refuse(path, lookProblem(path, error));
    else if (!isGone(error)) this.#unlisted.set(path, systemProblem(path, "list the folder", error));
  }

  #forgetUnlisted(path: string): void {
    for (const folder of this.#unlisted.keys()) {
      if (folder === path || isBelow(folder, path)) this.#unlisted.delete(folder);
    }
  }
}
