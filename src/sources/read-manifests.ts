import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import type { Origin, Problem } from "#lib/problem.ts";
import type { Resource } from "#resources/resource.ts";
import type { ValidateOptions } from "#resources/validate.ts";
import { breather } from "./breathe.ts";
import { Claims } from "./claims.ts";
import { systemProblem } from "./file-problem.ts";
import { FileStates } from "./file-states.ts";
import { scanTree } from "./scan-tree.ts";

export interface ReadManifests {
  /** Those that are valid, sorted by reference: of an object that stands twice, the first. */
  readonly objects: readonly { readonly object: Resource; readonly origin: Origin }[];
  /** Everything that is wrong, by file and line. */
  readonly problems: readonly Problem[];
  /** How many files were read. */
  readonly files: number;
}

/** Reads manifests once, from files and from folders with what is below them. What cannot be read is a problem, never an exception. */
export async function readManifests(paths: readonly string[], options: ValidateOptions): Promise<ReadManifests> {
  const claims = new Claims(() => []);
  const states = new FileStates(claims, options);
  const problems: Problem[] = [];
  const files = await listFiles(paths, problems);
  let left = files;
  // A file that seems to be still in writing is left alone at first; the second look believes it.
  while (left.size > 0) {
    const unfinished = await states.read(left, breather());
    left = new Map([...left].filter(([path]) => unfinished.includes(path)));
  }
  const objects = claims
    .takeChanges()
    .flatMap((change) => (change.type === "put" ? [{ object: change.object, origin: change.origin }] : []));
  return { objects, problems: [...problems, ...claims.allProblems()], files: files.size };
}

async function listFiles(paths: readonly string[], problems: Problem[]): Promise<ReadonlyMap<string, Stats>> {
  const files = new Map<string, Stats>();
  for (const path of paths) {
    try {
      const stats = await stat(path);
      if (!stats.isDirectory()) {
        files.set(path, stats);
        continue;
      }
      const tree = await scanTree(path);
      for (const [file, found] of tree.files) files.set(file, found);
      problems.push(...tree.unreadable.values(), ...tree.unlisted.values());
    } catch (error) {
      problems.push(systemProblem(path, "read it", error));
    }
  }
  return files;
}
