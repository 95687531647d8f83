import { renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Puts `text` where `path` is, readable by nobody else. Who reads it finds what was there before or all of this: a full disk,
 * our own death or a power cut in the middle leaves it as it was. What waits beside it meanwhile is called `<path>.new`.
 */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    removeDraft(draft);
    throw error;
  }
}

/** On a full disk a part of it would take the last room; on one that is read-only it cannot be removed, and was not made. */
function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // What is wrong has been told by what failed before.
  }
}
