import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { errorMessage } from "#lib/error-message.ts";
import { lastWords } from "./last-words.ts";

const run = promisify(execFile);

export interface EnvoyBinary {
  readonly path: string;
  /** As /server_info reports it of a running one: `<commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
  readonly version: string;
  /** Two processes hand over only when this is equal. */
  readonly hotRestartVersion: string;
}

/** Asks the program what it is. Throws when it cannot be run or is no Envoy. */
export async function envoyBinary(path: string): Promise<EnvoyBinary> {
  const [version, hotRestart] = await Promise.all([ask(path, ["--version"]), ask(path, ["--hot-restart-version"])]);
  const words = /version:\s*(\S+)/.exec(version)?.[1];
  if (words === undefined)
    throw new Error(`${path} is no Envoy: --version printed ${JSON.stringify(version.slice(0, 200))}`);
  return { path, version: words, hotRestartVersion: hotRestart };
}

/** Lets the program itself check a bootstrap, without starting anything. Throws with its words. */
export async function validateBootstrap(binary: string, configFile: string, signal?: AbortSignal): Promise<void> {
  // Disabled for the check alone: it would claim the shared memory of a running one.
  const args = ["--mode", "validate", "--config-path", configFile, "--disable-hot-restart", "--log-level", "error"];
  try {
    await run(binary, args, { env: {}, timeout: 60_000, signal });
  } catch (cause) {
    signal?.throwIfAborted();
    const said = cause instanceof Error && "stderr" in cause ? lastWords(String(cause.stderr)) : undefined;
    throw new Error(`Envoy refuses ${configFile}: ${said ?? errorMessage(cause)}`, { cause });
  }
}

async function ask(path: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(path, args, { env: {}, timeout: 20_000 });
    // Each of the two answers comes on another one.
    return `${stdout}${stderr}`.trim();
  } catch (cause) {
    throw new Error(`Envoy at ${path} cannot be run: ${errorMessage(cause)}`, { cause });
  }
}
