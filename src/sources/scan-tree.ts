import type { Dirent, Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import { fileProblem, isGone, systemProblem } from "./file-problem.ts";
import { isHiddenName, isManifestName } from "./manifest-name.ts";

/** What stands under a folder. Paths begin with the folder's own. */
export interface Tree {
  readonly files: ReadonlyMap<string, Stats>;
  /** Those of `files` that are symbolic links, with what they lead to. */
  readonly links: ReadonlyMap<string, Stats>;
  /** Manifests that exist and cannot be read, such as links that lead nowhere. */
  readonly unreadable: ReadonlyMap<string, Problem>;
  /** Folders that exist and cannot be listed: nobody knows what is in them. */
  readonly unlisted: ReadonlyMap<string, Problem>;
}

/**
 * Lists the manifests under a folder, through symbolic links, but never round in a circle.
 *
 * @param above the identities of folders around it, into which no link below it may lead
 * @param enter is called with each folder before it is listed, so that nothing is missed between listing and watching
 * @throws the system's error when the folder itself cannot be listed
 */
export async function scanTree(
  root: string,
  above: readonly string[] = [],
  enter: (folder: string, stats: Stats) => void = () => {},
): Promise<Tree> {
  const tree: MutableTree = { files: new Map(), links: new Map(), unreadable: new Map(), unlisted: new Map() };
  const stats = await stat(root);
  if (above.includes(identity(stats))) {
    tree.unlisted.set(root, circle(root));
    return tree;
  }
  enter(root, stats);
  await scanFolder(root, await readdir(root, { withFileTypes: true }), [...above, identity(stats)], tree, enter);
  return tree;
}

/** Names the file itself, whatever path leads to it. */
export function identity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

type MutableTree = {
  readonly [Key in keyof Tree]: Tree[Key] extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never;
};

async function scanFolder(
  folder: string,
  listing: readonly Dirent[],
  above: readonly string[],
  tree: MutableTree,
  enter: (folder: string, stats: Stats) => void,
): Promise<void> {
  const candidates = listing.filter(
    (entry) =>
      !isHiddenName(entry.name) && (isManifestName(entry.name) || entry.isDirectory() || entry.isSymbolicLink()),
  );
  const found = await Promise.all(candidates.map((entry) => look(folder, entry)));
  for (const { path, name, link, stats, error } of found.sort((a, b) => compareText(a.path, b.path))) {
    if (stats === undefined) {
      if (isManifestName(name)) tree.unreadable.set(path, lookProblem(path, error));
    } else if (stats.isDirectory()) {
      await scanSubfolder(path, stats, above, tree, enter);
    } else if (stats.isFile() && isManifestName(name)) {
      tree.files.set(path, stats);
      if (link) tree.links.set(path, stats);
    }
  }
}

async function scanSubfolder(
  path: string,
  stats: Stats,
  above: readonly string[],
  tree: MutableTree,
  enter: (folder: string, stats: Stats) => void,
): Promise<void> {
  if (above.includes(identity(stats))) {
    tree.unlisted.set(
      path,
      fileProblem(path, "a symbolic link that leads back to a folder around it", "remove the link"),
    );
    return;
  }
  enter(path, stats);
  try {
    const listing = await readdir(path, { withFileTypes: true });
    await scanFolder(path, listing, [...above, identity(stats)], tree, enter);
  } catch (error) {
    if (!isGone(error)) tree.unlisted.set(path, systemProblem(path, "list the folder", error));
  }
}

function circle(path: string): Problem {
  return fileProblem(path, "a symbolic link that leads back to a folder around it", "remove the link");
}

interface Look {
  readonly path: string;
  readonly name: string;
  readonly link: boolean;
  readonly stats?: Stats;
  readonly error?: unknown;
}

async function look(folder: string, entry: Dirent): Promise<Look> {
  const { name } = entry;
  const path = join(folder, name);
  const link = entry.isSymbolicLink();
  try {
    return { path, name, link, stats: await stat(path) };
  } catch (error) {
    return { path, name, link, error };
  }
}

/** Why a manifest that stands in a listing cannot be looked at. */
export function lookProblem(path: string, error: unknown): Problem {
  if (isGone(error)) return fileProblem(path, "a symbolic link that leads nowhere", "correct or remove the link");
  return systemProblem(path, "read the file", error);
}
