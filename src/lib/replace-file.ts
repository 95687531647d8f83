import { renameSync, writeFileSync } from "node:fs";

/**
 * Puts `text` where `path` is, readable by nobody else. Who reads it finds what was there before or all of this: a full disk,
 * our own death or a power cut in the middle leaves it as it was. What waits beside it meanwhile is called `<path>.new`.
 */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
