import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";

const run = promisify(execFile);

export interface DashboardOptions {
  /** The Jsonnet interpreter. */
  readonly jsonnet: string;
  /** Folder with `*.jsonnet`, one a dashboard, and the libraries in `lib` and, after `jb install`, `vendor`. */
  readonly sources: string;
  /** Where `<name>.json` is written, for Grafana's provisioning. Made when missing. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/** Compiles every dashboard. Returns the files written, sorted. Throws with Jsonnet's words, which name file and line. */
export async function compileDashboards(options: DashboardOptions): Promise<readonly string[]> {
  const { sources, output } = options;
  const names = (await readdir(sources)).filter((name) => name.endsWith(".jsonnet")).sort(compareText);
  await mkdir(output, { recursive: true });
  const written: string[] = [];
  for (const name of names) {
    const file = join(output, `${basename(name, ".jsonnet")}.json`);
    await writeFile(`${file}.new`, await compile(join(sources, name), options));
    await rename(`${file}.new`, file);
    written.push(file);
  }
  return written;
}

async function compile(file: string, { jsonnet, sources, signal }: DashboardOptions): Promise<string> {
  const vendor = join(sources, "vendor");
  // A later path wins: the real grafonnet, where it was installed, over our part of it.
  const paths = [join(sources, "lib"), ...(existsSync(vendor) ? [vendor] : [])].flatMap((path) => ["-J", path]);
  try {
    const { stdout } = await run(jsonnet, [...paths, file], {
      maxBuffer: 16 * 1024 * 1024,
      ...(signal === undefined ? {} : { signal }),
    });
    return stdout;
  } catch (cause) {
    throw new Error(`${file} could not be compiled: ${errorMessage(cause)}`, { cause });
  }
}
