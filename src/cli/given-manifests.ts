import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { formatProblem, type Problem } from "#lib/problem.ts";
import { type ManifestTexts, manifestTexts } from "#sources/manifest-texts.ts";
import { type CliContext, CommandError } from "./context.ts";

/** How problems name what came from standard input. */
const STDIN = "stdin";

/** The manifests that a command was given: files, folders, and `-` for standard input. */
export async function givenManifests(paths: readonly string[], context: CliContext): Promise<ManifestTexts> {
  const read = await manifestTexts(
    paths.filter((path) => path !== "-"),
    context.cwd,
  );
  if (!paths.includes("-")) return read;
  if (context.stdin === undefined) throw new CommandError("there is no standard input", "name a file");
  const written = await text(addAbortSignal(context.signal, context.stdin));
  return { ...read, texts: [...read.texts, { file: STDIN, text: written }] };
}

/** As {@link givenManifests}, where nothing can be said unless all of them can be read. */
export async function wholeManifests(paths: readonly string[], context: CliContext): Promise<ManifestTexts> {
  const given = await givenManifests(paths, context);
  if (given.problems.length === 0) return given;
  const words = given.problems.map((problem) => `  ${formatProblem(problem)}`).join("\n");
  throw new CommandError(`not all manifests can be read:\n${words}`);
}

/** Throws where there are none: a slip in a folder's name would look like an answer. */
export function requireSome({ texts, problems }: ManifestTexts, paths: readonly string[]): void {
  if (texts.length > 0 || problems.length > 0) return;
  throw new CommandError(
    `there are no manifests in ${paths.join(", ")}`,
    "name files, or folders with files that end in .yaml, .yml or .json",
  );
}

/** Tells on standard error what is wrong with manifests that something is said about all the same. */
export function tellProblems(problems: readonly Problem[], { stderr }: CliContext): void {
  for (const problem of problems) stderr.write(`${problem.severity}: ${formatProblem(problem)}\n`);
}
