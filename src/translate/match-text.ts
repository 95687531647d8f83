import { RE2JS } from "re2js";
import { quote } from "#lib/describe-value.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrHeaderMatch, IrTextMatch } from "./ir-header-match.ts";

export function matchesText(match: IrTextMatch, text: string): boolean {
  switch (match.type) {
    case "present":
      return true;
    case "regex":
      return RE2JS.compile(match.value).matches(text);
    case "exact":
    case "prefix":
    case "suffix":
    case "contains": {
      const fold = (words: string): string => (match.ignoreCase === true ? words.toLowerCase() : words);
      return COMPARE[match.type](fold(text), fold(match.value));
    }
    default:
      return unreachable(match);
  }
}

const COMPARE: Readonly<Record<"exact" | "prefix" | "suffix" | "contains", (text: string, part: string) => boolean>> = {
  exact: (text, part) => text === part,
  prefix: (text, part) => text.startsWith(part),
  suffix: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
};

/** `undefined`: the request has no such header. A header that is missing and not counted as empty fits nothing, inverted or not. */
export function matchesHeader({ match, not, missingAsEmpty }: IrHeaderMatch, value: string | undefined): boolean {
  if (match.type === "present") return (value !== undefined || missingAsEmpty === true) !== (not === true);
  if (value === undefined && missingAsEmpty !== true) return false;
  return matchesText(match, value ?? "") !== (not === true);
}

/** `header x-a is there`, `query parameter q begins with "v"`. */
export function textMatchWords(match: IrTextMatch, not = false): string {
  if (match.type === "present") return not ? "is absent" : "is there";
  const folded = match.type !== "regex" && match.ignoreCase === true ? " in any case" : "";
  return `${WORDS[match.type][not ? 1 : 0]} ${quote(match.value)}${folded}`;
}

const WORDS: Readonly<Record<Exclude<IrTextMatch["type"], "present">, readonly [is: string, isNot: string]>> = {
  exact: ["is", "is not"],
  prefix: ["begins with", "does not begin with"],
  suffix: ["ends with", "does not end with"],
  contains: ["contains", "does not contain"],
  regex: ["matches the expression", "does not match the expression"],
};
