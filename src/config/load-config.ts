import { dirname, isAbsolute, join } from "node:path";
import { checkShape } from "#lib/check-shape.ts";
import { describeValue } from "#lib/describe-value.ts";
import type { Problem } from "#lib/problem.ts";
import { withoutNulls } from "#lib/without-nulls.ts";
import { parseYaml } from "#lib/yaml.ts";
import { fieldLines } from "#lib/yaml-positions.ts";
import { type Config, configSchema } from "./config.ts";

export type LoadedConfig =
  | { readonly config: Config; readonly problems: readonly [] }
  | { readonly config: undefined; readonly problems: readonly Problem[] };

/**
 * Reads the text of a binnacle.yaml. All problems come at once, each with its line.
 *
 * @param file the path it was read from: problems name it, and relative paths in the text are meant from its folder
 */
export function loadConfig(text: string, file: string): LoadedConfig {
  const parsed = parseYaml(text);
  if ("error" in parsed) {
    const { line, ...rest } = parsed.error;
    return refused([{ severity: "error", path: "", ...rest, origin: { file, line } }]);
  }
  const { documents } = parsed;
  const [document = {}] = documents;
  if (documents.length > 1) {
    const message = `found ${documents.length} documents, expected one`;
    return refused([{ severity: "error", path: "", message, fix: "join them into one", origin: { file } }]);
  }
  if (document === null) return { config: defaultConfig(file), problems: [] };
  if (typeof document !== "object" || Array.isArray(document)) {
    const message = `found ${describeValue(document)}, expected a map of settings`;
    return refused([{ severity: "error", path: "", message, origin: { file, line: 1 } }]);
  }
  const checked = checkShape(schemaFor(file), withoutNulls(document), { unknownFields: "error" });
  if (checked.ok) return { config: checked.value, problems: [] };
  const lineOf = fieldLines(text);
  const located = checked.problems.map((problem) => ({ ...problem, origin: { file, line: lineOf(problem.path) } }));
  return refused(located.toSorted((a, b) => a.origin.line - b.origin.line));
}

function refused(problems: readonly Problem[]): LoadedConfig {
  return { config: undefined, problems };
}

/** The configuration where there is no file; relative paths are meant from the folder where `file` would stand. */
export function defaultConfig(file = "binnacle.yaml"): Config {
  return schemaFor(file).parse({});
}

function schemaFor(file: string): ReturnType<typeof configSchema> {
  const folder = dirname(file);
  return configSchema((path) => (isAbsolute(path) ? path : join(folder, path)));
}
