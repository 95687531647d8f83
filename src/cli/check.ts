import { counted } from "#lib/counted.ts";
import { existsSync } from "node:fs";
import { formatProblem, type Problem } from "#lib/problem.ts";
import { formatRef } from "#resources/ref.ts";
import { checkManifests, type CheckedManifests } from "../main/check-manifests.ts";
import { type CliContext, CommandError } from "./context.ts";
import { givenManifests } from "./given-manifests.ts";
import { type LocationFlags, readConfig } from "./locations.ts";

export interface CheckFlags extends LocationFlags {
  readonly output: "text" | "json";
}

/** `binnacle check`: exit code 0 when there is no error; warnings are shown and do not count. */
export async function check(paths: readonly string[], flags: CheckFlags, context: CliContext): Promise<number> {
  const { config } = await readConfig(flags, context);
  if (paths.length === 0 && !existsSync(config.sources.directory)) {
    throw new CommandError(
      `there is nothing to check: ${config.sources.directory} does not exist`,
      "name manifests or folders, or a configuration that names theirs with --config FILE",
    );
  }
  const checked = await checkManifests(
    await givenManifests(paths.length === 0 ? [config.sources.directory] : paths, context),
    config,
  );
  const errors = checked.problems.filter(({ severity }) => severity === "error").length;
  if (flags.output === "json") context.stdout.write(`${JSON.stringify({ ...checked, errors }, undefined, 2)}\n`);
  else context.stdout.write(formatChecked(checked, errors));
  return errors === 0 ? 0 : 1;
}

function formatChecked({ files, objects, problems }: CheckedManifests, errors: number): string {
  const lines = problems.map((problem) => `${problem.severity}: ${formatProblem(withObject(problem))}\n`);
  const warnings = problems.length - errors;
  return `${lines.join("")}${counted(files, "file")}, ${counted(objects, "object")}: ${counted(errors, "error")}, ${counted(warnings, "warning")}\n`;
}

function withObject(problem: CheckedManifests["problems"][number]): Problem {
  if (problem.ref === undefined) return problem;
  return { ...problem, path: `${formatRef(problem.ref)}${problem.path === "" ? "" : ` ${problem.path}`}` };
}
