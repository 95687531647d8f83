import { dump } from "js-yaml";
import { counted } from "#lib/counted.ts";
import { isMap } from "#lib/schema-rules.ts";
import { type ConvertedDocument, convertManifests } from "../convert/convert-manifests.ts";
import type { CliContext } from "./context.ts";
import { givenManifests, requireSome, tellProblems } from "./given-manifests.ts";

export interface ConvertFlags {
  readonly output: "yaml" | "json";
}

/** `binnacle convert FILES|-`: exit code 0 when everything was converted, with or without warnings. */
export async function convert(paths: readonly string[], flags: ConvertFlags, context: CliContext): Promise<number> {
  const read = await givenManifests(paths, context);
  requireSome(read, paths);
  const { documents, problems, converted } = convertManifests(read.texts);
  const all = [...read.problems, ...problems];
  tellProblems(all, context);
  const errors = all.filter(({ severity }) => severity === "error").length;
  if (errors > 0) {
    context.stderr.write(`binnacle: nothing was converted, because of ${counted(errors, "error")}\n`);
    return 1;
  }
  context.stdout.write(flags.output === "json" ? asJson(documents) : asYaml(documents));
  context.stderr.write(`${counted(converted, "object")} converted\n`);
  return 0;
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
