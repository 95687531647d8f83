import { isAbsolute } from "node:path";

/** Whether a normalised path leads through a folder; `.` holds every relative path that does not leave it. */
export function isBelow(path: string, folder: string): boolean {
  if (folder === ".") return path !== "." && !isAbsolute(path) && !path.startsWith("../") && path !== "..";
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** The folders above a path, from the inside out, as far as it names them. */
export function* foldersAbove(path: string): Generator<string> {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) yield path.slice(0, end);
}

/** The rest of a path that {@link isBelow} a folder. */
export function pathBelow(path: string, folder: string): string {
  if (folder === ".") return path;
  return path.slice(folder.endsWith("/") ? folder.length : folder.length + 1);
}
