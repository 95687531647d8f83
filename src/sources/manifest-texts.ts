import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import { systemProblem } from "./file-problem.ts";
import { readManifestFile } from "./read-file.ts";
import { scanTree } from "./scan-tree.ts";

/** A manifest file as somebody named it. */
export interface ManifestText {
  /** As problems name it. */
  readonly file: string;
  readonly text: string;
}

export interface ManifestTexts {
  /** By name, each once. */
  readonly texts: readonly ManifestText[];
  /** Files and folders that cannot be read. */
  readonly problems: readonly Problem[];
}

/** How many files are read at the same time. */
const READ_TOGETHER = 32;

/**
 * Reads manifests once: files, whatever their names are, and folders with all manifests below them. What cannot be read is a
 * problem, never an exception.
 *
 * @param paths relative to `folder`, by whose words files are named
 */
export async function manifestTexts(paths: readonly string[], folder: string): Promise<ManifestTexts> {
  const problems: Problem[] = [];
  const files = new Map<string, FoundFile>();
  for (const path of paths) {
    for (const found of await filesAt(path, resolve(folder, path), problems)) files.set(found.file, found);
  }
  const found = [...files.values()].sort((a, b) => compareText(a.file, b.file));
  const texts: ManifestText[] = [];
  for (let start = 0; start < found.length; start += READ_TOGETHER) {
    const together = found.slice(start, start + READ_TOGETHER);
    const read = await Promise.all(together.map(({ place, stats }) => readManifestFile(place, stats)));
    for (const [index, { file }] of together.entries()) {
      const content = read[index];
      if (content === undefined) continue;
      if ("text" in content) texts.push({ file, text: content.text });
      else problems.push({ ...content.problem, origin: { file } });
    }
  }
  return { texts, problems };
}

interface FoundFile {
  readonly file: string;
  readonly place: string;
  readonly stats: Stats;
}

async function filesAt(path: string, place: string, problems: Problem[]): Promise<readonly FoundFile[]> {
  try {
    const stats = await stat(place);
    if (!stats.isDirectory()) return [{ file: path, place, stats }];
    const tree = await scanTree(place);
    const named = (below: string): string => `${path.replace(/\/+$/, "")}${below.slice(place.length)}`;
    for (const problem of [...tree.unreadable.values(), ...tree.unlisted.values()]) {
      problems.push({ ...problem, origin: { file: named(problem.origin?.file ?? place) } });
    }
    return [...tree.files].map(([below, found]) => ({ file: named(below), place: below, stats: found }));
  } catch (error) {
    problems.push(systemProblem(path, "read it", error));
    return [];
  }
}
