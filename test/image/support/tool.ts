import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { debianProgram } from "../../../setup/debian-program.mjs";

const execute = promisify(execFile);

/** A program of Debian's that reads or runs images; it knows nothing of how ours are made. */
export interface Tool {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

const PATHS = { runc: "usr/sbin/runc", umoci: "usr/bin/umoci" } as const;

/** From PATH, or unpacked in the cache once. Throws when it cannot be had: such a test never skips. */
export async function findTool(name: keyof typeof PATHS): Promise<Tool> {
  const found = await debianProgram(name, PATHS[name]);
  if (found.reason !== undefined) throw new Error(`no ${name}: ${found.reason}; apt-get install ${name}`);
  return { command: found.command, env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...found.env } };
}

/** Standard output. Throws with what the tool said when it fails. */
export async function runTool({ command, env }: Tool, ...args: readonly string[]): Promise<string> {
  return (await execute(command, args, { env, maxBuffer: 2 ** 26 })).stdout;
}
