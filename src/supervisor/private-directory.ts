import { chmodSync, lstatSync, mkdirSync } from "node:fs";

/**
 * Makes sure of a folder that nobody else can look into: made 0700 with its parents, or tightened to that. Throws when it
 * is something else, or belongs to another user, who could then put things there for us.
 */
export function privateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory()) throw new Error(`${path} is not a folder; move it away, or choose another place`);
  const self = process.getuid?.();
  if (self !== undefined && found.uid !== self) {
    throw new Error(
      `${path} belongs to user ${found.uid}, and this process runs as user ${self}; choose another place`,
    );
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
}
