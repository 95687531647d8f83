import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesHash } from "#lib/canonical.ts";
import { replaceFile } from "#lib/replace-file.ts";
import { hasCode } from "#lib/error-code.ts";
import { privateDirectory } from "./private-directory.ts";

/** sun_path of unix(7) has 108 bytes, the last of them 0. */
export const MAX_SOCKET_PATH = 107;

/** Room for the names of the sockets in the folder, the longest being that of a hot restart: `/hr_udp_parent_2684354559`. */
const NAME_ROOM = 32;

/** The file in the state directory that says where the sockets are. */
const POINTER = "sockets";

/**
 * The folder of an appliance's Unix sockets: `run` in the state directory, or, where a path below it would be too long for
 * a socket, a folder of ours in one of `alternatives` (such as $XDG_RUNTIME_DIR and /tmp), the first that is short enough.
 * The choice is written into the state directory, so that the command line finds it and a later start chooses the same.
 */
export function socketDirectory(stateDirectory: string, alternatives: readonly string[]): string {
  const known = recorded(stateDirectory);
  const chosen = known ?? choose(stateDirectory, alternatives);
  privateDirectory(chosen);
  if (chosen !== known) replaceFile(join(stateDirectory, POINTER), `${chosen}\n`);
  return chosen;
}

/** Where a running appliance has its sockets; undefined when this is no state directory. */
export function recorded(stateDirectory: string): string | undefined {
  let path: string;
  try {
    path = readFileSync(join(stateDirectory, POINTER), "utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  return fits(path) && !isForeign(path) ? path : undefined;
}

function choose(stateDirectory: string, alternatives: readonly string[]): string {
  const name = `binnacle-${bytesHash(stateDirectory).slice(0, 10)}`;
  const candidates = [join(stateDirectory, "run"), ...alternatives.map((base) => join(base, name))];
  const found = candidates.find((path) => fits(path) && !isForeign(path));
  if (found !== undefined) return found;
  throw new Error(
    `no folder for Unix sockets: a socket's path may have ${MAX_SOCKET_PATH} bytes, which leaves ` +
      `${MAX_SOCKET_PATH - NAME_ROOM} for its folder, and none of these will do: ${candidates.join(", ")}; ` +
      "choose a state directory with a shorter path",
  );
}

function fits(path: string): boolean {
  return path !== "" && Buffer.byteLength(path) + NAME_ROOM <= MAX_SOCKET_PATH;
}

/** In /tmp another user may have been there first. */
function isForeign(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (!found.isDirectory() || found.uid !== process.getuid?.());
}
