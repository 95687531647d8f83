import { type FSWatcher, watch, type Stats } from "node:fs";
import { basename, join } from "node:path";
import type { Problem } from "#lib/problem.ts";
import { isGone, systemProblem } from "./file-problem.ts";
import { isBelow } from "./is-below.ts";
import { identity } from "./scan-tree.ts";

interface Watch {
  readonly watcher: FSWatcher;
  /** What stood at the path when the watch was made: it goes on seeing that, whatever the path leads to later. */
  readonly identity: string;
}

/**
 * One operating system's watch for each folder, and for each symbolic link's file. An event is only a hint that something is
 * different at or below a path: what it is, is seen by looking there. So nothing depends on the events' order or kind.
 */
export class FolderWatches {
  readonly #hint: (path: string) => void;
  readonly #watches = new Map<string, Watch>();
  readonly #problems = new Map<string, Problem>();

  constructor(hint: (path: string) => void) {
    this.#hint = hint;
  }

  /** Paths that cannot be watched: what changes there is found by the next full look. */
  problems(): readonly Problem[] {
    return [...this.#problems.values()];
  }

  /** Watches what stands at `path` now; does nothing where that is watched already. */
  watch(path: string, stats: Stats): void {
    const now = `${identity(stats)}:${stats.birthtimeMs}`;
    if (this.#watches.get(path)?.identity === now) return;
    this.unwatch(path);
    try {
      const watcher = watch(path, { persistent: false });
      watcher.on("change", (_event, name) => this.#changed(path, stats.isDirectory(), String(name ?? "")));
      watcher.on("error", () => this.#lost(path));
      this.#watches.set(path, { watcher, identity: now });
    } catch (error) {
      if (!isGone(error)) this.#problems.set(path, systemProblem(path, "watch it for changes", error));
    }
  }

  unwatch(path: string): void {
    this.#watches.get(path)?.watcher.close();
    this.#watches.delete(path);
    this.#problems.delete(path);
  }

  /** Ends the watches at and below `path` that `keep` does not name. */
  unwatchBelow(path: string, keep: ReadonlySet<string>): void {
    for (const watched of [...this.#watches.keys(), ...this.#problems.keys()]) {
      if (!keep.has(watched) && (watched === path || isBelow(watched, path))) this.unwatch(watched);
    }
  }

  close(): void {
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  #changed(path: string, isFolder: boolean, name: string): void {
    if (!isFolder || name === "") return this.#hint(path);
    // Of the folder's own end, too, the event tells the name.
    if (name === basename(path)) this.#hint(path);
    this.#hint(join(path, name));
  }

  #lost(path: string): void {
    this.unwatch(path);
    this.#hint(path);
  }
}
