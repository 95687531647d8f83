import { hash } from "node:crypto";
import type { Problem } from "#lib/problem.ts";
import { parseYaml } from "#lib/yaml.ts";
import { fieldLines } from "#lib/yaml-positions.ts";
import { type ObjectRef, refKey, type RefKey } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import { validate, type ValidateOptions } from "#resources/validate.ts";
import { listItems } from "./list-items.ts";
import { type DocumentText, firstContentLine, splitDocuments } from "./split-documents.ts";

/** What one document of a file says. `line` is where it begins; problems have their own lines, of the same file. */
export type ManifestEntry =
  | {
      readonly type: "object";
      readonly key: RefKey;
      readonly ref: ObjectRef;
      readonly line: number;
      readonly object: Resource;
      readonly warnings: readonly Problem[];
    }
  /** An object that is wrong in itself. */
  | {
      readonly type: "refused";
      readonly key: RefKey;
      readonly ref: ObjectRef;
      readonly line: number;
      readonly problems: readonly Problem[];
    }
  /** Nobody can tell which object it is: the text is not YAML, or name or kind are wrong. */
  | { readonly type: "broken"; readonly line: number; readonly problems: readonly Problem[] }
  /** An object of a kind that is not read. */
  | { readonly type: "skipped"; readonly line: number; readonly kind: string };

/** A file's entries in their order, and what is needed to read its next version at the cost of what changed in it. */
export interface Manifest {
  readonly entries: readonly ManifestEntry[];
  /** By {@link textDigest}: the texts of 30,000 documents are 13 MB that nobody reads again. */
  readonly documents: ReadonlyMap<string, ReadDocument>;
}

/** What tells texts apart. */
export function textDigest(text: string): string {
  return hash("sha256", text, "base64");
}

interface ReadDocument {
  readonly line: number;
  readonly entries: readonly ManifestEntry[];
}

/**
 * Reads the text of a manifest file, YAML or JSON. Documents whose text is that of a document in `previous` are taken over
 * from there: their objects are the same values, not only equal ones.
 *
 * @param file stands in every problem
 * @param pause is awaited after each document, for a large file must not keep the event loop
 */
export async function readManifest(
  text: string,
  file: string,
  options: ValidateOptions,
  pause: () => Promise<void> | undefined,
  previous?: Manifest,
): Promise<Manifest> {
  const documents = new Map<string, ReadDocument>();
  const entries: ManifestEntry[] = [];
  for (const document of splitDocuments(text)) {
    const digest = textDigest(document.text);
    const known = previous?.documents.get(digest);
    const read = known === undefined ? readDocument(document, file, options) : moveTo(document.line, known);
    documents.set(digest, read);
    for (const entry of read.entries) entries.push(entry);
    await pause();
  }
  return { entries, documents };
}

function readDocument({ text, line }: DocumentText, file: string, options: ValidateOptions): ReadDocument {
  const parsed = parseYaml(text);
  if ("error" in parsed) {
    const { message, fix, line: at } = parsed.error;
    const origin = { file, line: line + at - 1 };
    const problem: Problem = { severity: "error", path: "", message, origin, ...(fix === undefined ? {} : { fix }) };
    return { line, entries: [{ type: "broken", line: origin.line, problems: [problem] }] };
  }
  const entries = parsed.documents.flatMap((document, index) => {
    const positions = new Positions(text, index, line, file);
    const items = listItems(document);
    if (items === undefined) return document === null ? [] : [readObject(document, "", positions, options)];
    return items.map((item, position) => readObject(item, `items[${position}]`, positions, options));
  });
  // An array that grew has room for 17, and nearly all documents say one thing.
  return { line, entries: entries.slice() };
}

/** @param prefix the object's own path in its document */
function readObject(value: unknown, prefix: string, positions: Positions, options: ValidateOptions): ManifestEntry {
  const validation = validate(value, options);
  const line = positions.lineOfObject(prefix);
  switch (validation.type) {
    case "skipped":
      return { type: "skipped", line, kind: validation.kind };
    case "accepted": {
      const ref = refOf(validation.object);
      const warnings = positions.locate(validation.warnings, prefix);
      return { type: "object", key: refKey(ref), ref, line, object: validation.object, warnings };
    }
    case "refused": {
      const { ref } = validation;
      const problems = positions.locate(validation.problems, prefix);
      return ref === undefined
        ? { type: "broken", line, problems }
        : { type: "refused", key: refKey(ref), ref, line, problems };
    }
  }
}

/** Finds the lines of one document, and parses it for that only when one is asked for. */
class Positions {
  readonly #text: string;
  readonly #index: number;
  readonly #firstLine: number;
  readonly #file: string;
  #lineOf: ((path: string) => number) | undefined;

  constructor(text: string, index: number, firstLine: number, file: string) {
    this.#text = text;
    this.#index = index;
    this.#firstLine = firstLine;
    this.#file = file;
  }

  lineOfObject(prefix: string): number {
    const simple = prefix === "" && this.#index === 0;
    return this.#firstLine - 1 + (simple ? firstContentLine(this.#text) : this.#find(prefix));
  }

  locate(problems: readonly Problem[], prefix: string): readonly Problem[] {
    if (problems.length === 0) return problems;
    const located = problems.map((problem) => {
      const path = [prefix, problem.path].filter((part) => part !== "").join(".");
      const line = path === "" ? this.lineOfObject(prefix) : this.#firstLine - 1 + this.#find(path);
      return { ...problem, origin: { file: this.#file, line } };
    });
    return located.toSorted((a, b) => a.origin.line - b.origin.line);
  }

  #find(path: string): number {
    this.#lineOf ??= fieldLines(this.#text, this.#index);
    return this.#lineOf(path);
  }
}

/** The same document where it begins on another line now. */
function moveTo(line: number, document: ReadDocument): ReadDocument {
  if (line === document.line) return document;
  const distance = line - document.line;
  return { line, entries: document.entries.map((entry) => moveBy(distance, entry)) };
}

function moveBy(distance: number, entry: ManifestEntry): ManifestEntry {
  const line = entry.line + distance;
  const moved = (problems: readonly Problem[]): readonly Problem[] =>
    problems.map((problem) => {
      const { file = "", line: at = 1 } = problem.origin ?? {};
      return { ...problem, origin: { file, line: at + distance } };
    });
  switch (entry.type) {
    case "object":
      return { ...entry, line, warnings: moved(entry.warnings) };
    case "refused":
    case "broken":
      return { ...entry, line, problems: moved(entry.problems) };
    case "skipped":
      return { ...entry, line };
  }
}
