import { formatPath } from "#lib/field-path.ts";
import type { Problem } from "#lib/problem.ts";
import { isMap } from "#lib/schema-rules.ts";
import { parseYaml } from "#lib/yaml.ts";
import { fieldLines } from "#lib/yaml-positions.ts";
import { listItems } from "#sources/list-items.ts";
import type { ManifestText } from "#sources/manifest-texts.ts";
import { splitDocuments } from "#sources/split-documents.ts";

/** One object of a manifest, alone in its document or an item of a list. */
export interface FoundObject {
  readonly value: Readonly<Record<string, unknown>>;
  /** The problem with the file and the line of its field. */
  locate(problem: Problem): Problem;
}

/** A document of a manifest. */
export interface FoundDocument {
  /** As it was written, without its marker; undefined where it shares its text with another one. */
  readonly text: string | undefined;
  readonly value: unknown;
  readonly isList: boolean;
  readonly objects: readonly FoundObject[];
}

/** The documents of manifests in their order; those that hold nothing are left out. */
export function readDocuments(manifests: readonly ManifestText[]): {
  readonly documents: readonly FoundDocument[];
  readonly problems: readonly Problem[];
} {
  const documents: FoundDocument[] = [];
  const problems: Problem[] = [];
  for (const { file, text: whole } of manifests) {
    for (const { text, line } of splitDocuments(whole)) {
      const parsed = parseYaml(text);
      if ("error" in parsed) {
        const { line: at, message, fix } = parsed.error;
        const origin = { file, line: line + at - 1 };
        problems.push({ severity: "error", path: "", message, origin, ...(fix === undefined ? {} : { fix }) });
        continue;
      }
      const body = withoutMarker(text);
      for (const [index, value] of parsed.documents.entries()) {
        if (value === null || value === undefined) continue;
        const lineOf = lazyLines(text, index, line);
        const items = listItems(value);
        const objects = (items ?? [value]).map((object, position): FoundObject => {
          const prefix = items === undefined ? "" : formatPath(["items", position]);
          return {
            value: isMap(object) ? object : {},
            locate: (problem) => {
              const path = [prefix, problem.path].filter((part) => part !== "").join(".");
              return { ...problem, origin: { file, line: lineOf(path) } };
            },
          };
        });
        const alone = parsed.documents.length === 1;
        documents.push({ text: alone ? body : undefined, value, isList: items !== undefined, objects });
      }
    }
  }
  return { documents, problems };
}

/** Undefined: it cannot be told apart from its marker. */
function withoutMarker(text: string): string | undefined {
  const body = text.replace(/^---[ \t]*(#.*)?\r?\n/, "");
  return body.startsWith("---") || body.startsWith("%") ? undefined : body;
}

function lazyLines(text: string, index: number, first: number): (path: string) => number {
  let lines: ((path: string) => number) | undefined;
  return (path) => first - 1 + (lines ??= fieldLines(text, index))(path);
}
