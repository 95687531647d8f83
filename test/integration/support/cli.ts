import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { run } from "#cli/program.ts";

export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line with a state directory of its own, in this process. */
export async function binnacle(stateDirectory: string, ...argv: readonly string[]): Promise<CliOutcome> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const { signal } = new AbortController();
  const env = { XDG_STATE_HOME: stateDirectory };
  const code = await run([...argv, "--state", stateDirectory], {
    version: "0.1.0",
    stdout,
    stderr,
    env,
    cwd: stateDirectory,
    signal,
  });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

/** A table's lines as their cells. */
export function cells(table: string): readonly (readonly string[])[] {
  return table
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/\s{2,}/));
}
