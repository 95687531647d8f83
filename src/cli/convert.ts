import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { dump } from "js-yaml";
import { compareText } from "#lib/compare.ts";
import { formatProblem, type Problem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { systemProblem } from "#sources/file-problem.ts";
import { readManifestFile } from "#sources/read-file.ts";
import { scanTree } from "#sources/scan-tree.ts";
import { type ConvertedDocument, convertManifests } from "../convert/convert-manifests.ts";
import type { ManifestText } from "../convert/read-documents.ts";
import { type CliContext, CommandError } from "./context.ts";

export interface ConvertFlags {
  readonly output: "yaml" | "json";
}

/** `binnacle convert FILES|-`: exit code 0 when everything was converted, with or without warnings. */
export async function convert(paths: readonly string[], flags: ConvertFlags, context: CliContext): Promise<number> {
  const read = await readAll(paths, context);
  const { documents, problems, converted } = convertManifests(read.manifests);
  const all = [...read.problems, ...problems];
  for (const problem of all) context.stderr.write(`${problem.severity}: ${formatProblem(problem)}\n`);
  const errors = all.filter(({ severity }) => severity === "error").length;
  if (errors > 0) {
    const these = errors === 1 ? "one error" : `${errors} errors`;
    context.stderr.write(`binnacle: nothing was converted, because of ${these}\n`);
    return 1;
  }
  context.stdout.write(flags.output === "json" ? asJson(documents) : asYaml(documents));
  context.stderr.write(`${converted} ${converted === 1 ? "object" : "objects"} converted\n`);
  return 0;
}

async function readAll(
  paths: readonly string[],
  context: CliContext,
): Promise<{ readonly manifests: readonly ManifestText[]; readonly problems: readonly Problem[] }> {
  const manifests: ManifestText[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    if (path === "-") {
      if (context.stdin === undefined) throw new CommandError("there is no standard input", "name a file");
      manifests.push({ file: "stdin", text: await text(context.stdin) });
      continue;
    }
    const place = resolve(context.cwd, path);
    try {
      const stats = await stat(place);
      const files = stats.isDirectory() ? (await scanTree(place)).files : new Map([[place, stats]]);
      for (const [file, found] of [...files].sort(([a], [b]) => compareText(a, b))) {
        const shown = stats.isDirectory() ? `${path.replace(/\/+$/, "")}${file.slice(place.length)}` : path;
        const content = await readManifestFile(file, found);
        if ("text" in content) manifests.push({ file: shown, text: content.text });
        else problems.push({ ...content.problem, origin: { file: shown } });
      }
    } catch (error) {
      problems.push(systemProblem(path, "read it", error));
    }
  }
  return { manifests, problems };
}

function asYaml(documents: readonly ConvertedDocument[]): string {
  const texts = documents.map(({ text: written, value }) => written ?? dump(value, { noRefs: true, lineWidth: 120 }));
  return texts.map((written) => (written.endsWith("\n") ? written : `${written}\n`)).join("---\n");
}

/** One object, or a list of all of them. */
function asJson(documents: readonly ConvertedDocument[]): string {
  const objects = documents.flatMap(({ value, isList }): readonly unknown[] =>
    isList && isMap(value) && Array.isArray(value["items"]) ? value["items"] : [value],
  );
  const [only] = objects;
  const shown = objects.length === 1 ? only : { apiVersion: "v1", kind: "List", items: objects };
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}
