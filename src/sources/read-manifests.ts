import { stat } from "node:fs/promises";
import { compareText } from "#lib/compare.ts";
import type { Origin, Problem } from "#lib/problem.ts";
import type { Resource } from "#resources/resource.ts";
import type { ValidateOptions } from "#resources/validate.ts";
import { breather } from "./breathe.ts";
import { Claims } from "./claims.ts";
import { systemProblem } from "./file-problem.ts";
import { readManifest } from "./manifest.ts";
import { readManifestFile } from "./read-file.ts";
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
  const problems: Problem[] = [];
  const pause = breather();
  let files = 0;
  for (const path of await listFiles(paths, problems)) {
    const stats = await stat(path).catch(
      (error: unknown) => void problems.push(systemProblem(path, "read the file", error)),
    );
    if (stats === undefined) continue;
    const read = await readManifestFile(path, stats);
    files++;
    if ("problem" in read) claims.set(path, { unreadable: read.problem });
    else claims.set(path, await readManifest(read.text, path, options, pause));
  }
  const objects = claims
    .takeChanges()
    .flatMap((change) => (change.type === "put" ? [{ object: change.object, origin: change.origin }] : []));
  return { objects, problems: [...problems, ...claims.allProblems()], files };
}

async function listFiles(paths: readonly string[], problems: Problem[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) {
        files.add(path);
        continue;
      }
      const tree = await scanTree(path);
      for (const file of tree.files.keys()) files.add(file);
      problems.push(...tree.unreadable.values(), ...tree.unlisted.values());
    } catch (error) {
      problems.push(systemProblem(path, "read it", error));
    }
  }
  return [...files].sort(compareText);
}
