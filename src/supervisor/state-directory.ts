import { realpathSync } from "node:fs";
import { join } from "node:path";
import { LockedError, takeLock } from "./lock-file.ts";
import { makeFolder, privateDirectory } from "./private-directory.ts";
import { MAX_SOCKET_PATH, recorded, socketDirectory } from "./socket-directory.ts";
import { ensureToken, readToken } from "./token-file.ts";

export interface StateDirectoryOptions {
  /** Absolute. */
  readonly path: string;
  /** Where sockets may go when `path` is too long for them, in order: $XDG_RUNTIME_DIR if set, and /tmp. */
  readonly socketAlternatives: readonly string[];
}

/** What the appliance keeps on disk: one at a time uses it. Disposing of it lets the next one in. */
export interface StateDirectory extends Disposable {
  readonly path: string;
  /** The API's secret: `Authorization: Bearer`. */
  readonly token: string;
  /** The path of a Unix socket that fits into sun_path. */
  socket(name: string): string;
  /** The folder of the sockets. */
  readonly sockets: string;
  /** A folder below, 0700, made if it is missing. */
  folder(name: string): string;
}

/** Another appliance uses the state directory. */
export class StateInUseError extends Error {
  override readonly name = "StateInUseError";

  constructor(pid: number, path: string) {
    super(`process ${pid} uses the state directory ${path}`);
  }
}

/** Nothing can be kept in the state directory: it cannot be made, or written. */
export class StateUnusableError extends Error {
  override readonly name = "StateUnusableError";

  constructor(path: string, cause: unknown) {
    super(`could not use the state directory ${path}`, { cause });
  }
}

/**
 * Opens the state directory for this process alone. Throws a {@link StateInUseError} when another appliance uses it, and a
 * {@link StateUnusableError} where it cannot be had.
 */
export async function openStateDirectory(options: StateDirectoryOptions): Promise<StateDirectory> {
  const { path, lock } = await takeStateDirectory(options.path);
  try {
    const token = ensureToken(tokenFile(path));
    const sockets = socketDirectory(path, options.socketAlternatives);
    return {
      path,
      token,
      sockets,
      socket: (name) => socketPath(sockets, name),
      folder: (name) => {
        const folder = join(path, name);
        privateDirectory(folder);
        return folder;
      },
      [Symbol.dispose]: () => lock[Symbol.dispose](),
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** By whichever name it is called: what runs in it is found again by its path. */
async function takeStateDirectory(named: string): Promise<{ readonly path: string; readonly lock: Disposable }> {
  try {
    makeFolder(named);
    const path = realpathSync(named);
    privateDirectory(path);
    return { path, lock: await lockState(path) };
  } catch (cause) {
    if (cause instanceof StateInUseError) throw cause;
    throw new StateUnusableError(named, cause);
  }
}

/** What a command needs to talk to the appliance that runs there. Takes no lock. */
export function lookIntoStateDirectory(path: string): { readonly token: string; socket(name: string): string } {
  const token = readToken(tokenFile(path));
  const sockets = recorded(path) ?? join(path, "run");
  return { token, socket: (name) => socketPath(sockets, name) };
}

function tokenFile(path: string): string {
  return join(path, "token");
}

async function lockState(path: string): Promise<Disposable> {
  try {
    return await takeLock(join(path, "lock"));
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new StateInUseError(error.pid, path);
  }
}

function socketPath(directory: string, name: string): string {
  const path = join(directory, name);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) throw new Error(`a Unix socket's path cannot be as long as ${path}`);
  return path;
}
