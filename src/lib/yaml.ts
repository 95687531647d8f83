import { CORE_SCHEMA, loadAll, mergeTag, YAMLException } from "js-yaml";

/** Why a text could not be read as YAML. Nothing in it repeats the text, which may hold secrets. */
export interface YamlError {
  readonly message: string;
  readonly fix?: string;
  /** 1-based, counted from the beginning of the text that was given. */
  readonly line: number;
}

/** How many nodes a document may have once its aliases are followed: far above any manifest, far below a memory bomb. */
const LARGEST_EXPANSION = 1_000_000;

/** YAML 1.2 with merge keys (`<<`), which people bring from Kubernetes manifests. Timestamps stay texts. */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

/** The documents of a YAML or JSON text. A key that stands twice in one map is an error. */
export function parseYaml(text: string): { readonly documents: readonly unknown[] } | { readonly error: YamlError } {
  try {
    const documents = loadAll(text, { schema: SCHEMA });
    if (text.includes("*") && documents.some(isBomb)) {
      return { error: { message: `aliases make more than ${LARGEST_EXPANSION} values of it`, line: 1 } };
    }
    return { documents };
  } catch (error) {
    return { error: describe(error, text) };
  }
}

function describe(error: unknown, text: string): YamlError {
  // The parser's own message shows the lines around the place; its reason may name an alias or a tag.
  const reason =
    error instanceof YAMLException
      ? error.reason.replace(/:? ("[^"]*"|!<[^>]*>)/g, "").replace(/: .*/, "")
      : "the parser gave up";
  // What is missed at the end of the text is told for its last line, not for the empty one after it.
  const lastLine = text.trimEnd().split("\n").length;
  const line = error instanceof YAMLException ? Math.min((error.mark?.line ?? 0) + 1, lastLine) : 1;
  const fix = FIXES.find(([words]) => reason.includes(words))?.[1];
  return { message: `not valid YAML: ${reason}`, line, ...(fix === undefined ? {} : { fix }) };
}

const FIXES: readonly (readonly [reason: string, fix: string])[] = [
  ["tab characters", "indent with spaces"],
  ["duplicated mapping key", "keep one of the two"],
  [
    "bad indentation of a mapping entry",
    "check the indentation, and put texts with ': ' or a special first letter in quotes",
  ],
  ["bad indentation of a sequence entry", "give all '-' of a list the same indentation"],
  ["unidentified alias", "put texts that begin with '*' in quotes"],
  ["deficient indentation", "close the bracket or the quotes, or indent what stands in them"],
  ["within a flow collection", "close the bracket"],
  ["quoted scalar", "close the quotes"],
  ["unknown escape sequence", "double the backslash or use single quotes"],
];

/** Whether following a document's aliases makes it larger than {@link LARGEST_EXPANSION}, told without following them all. */
function isBomb(document: unknown): boolean {
  const sizes = new Map<object, number>();
  const size = (value: unknown): number => {
    if (typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    // A value that holds itself never ends.
    sizes.set(value, Infinity);
    const total = Object.values(value).reduce<number>((sum, part) => sum + size(part), 1);
    sizes.set(value, total);
    return total;
  };
  return size(document) > LARGEST_EXPANSION;
}
