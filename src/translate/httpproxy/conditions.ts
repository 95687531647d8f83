import { compareText } from "#lib/compare.ts";
import type { ProxyCondition } from "#resources/httpproxy.ts";
import type { IrMatch, IrPathMatch } from "../ir-route.ts";
import { quoteRegex, regexProblem } from "../regular-expression.ts";
import { type HeaderCondition, headerMatch, headerProblem } from "./header-conditions.ts";
import { queryMatch, queryProblem } from "./query-conditions.ts";

/** What is wrong with a list of conditions, by the kind of condition. */
export interface ConditionsProblem {
  readonly kind: "path" | "header" | "query";
  readonly message: string;
}

/** One block of conditions: a route's own, or those of one include on the way to it. */
export type ConditionBlock = readonly ProxyCondition[];

/**
 * What is wrong with the conditions of a route, after those of the includes that lead to it; the first thing found.
 * The blocks above were checked when they were passed.
 */
export function routeConditionsProblem(
  above: readonly ConditionBlock[],
  own: ConditionBlock,
): ConditionsProblem | undefined {
  return pathProblem(own, "route") ?? joinedProblem(above, own) ?? togetherProblem([...above, own].flat());
}

/** As {@link routeConditionsProblem}, of an include: it may ask for a prefix alone. */
export function includeConditionsProblem(block: ConditionBlock): ConditionsProblem | undefined {
  return pathProblem(block, "include") ?? togetherProblem(block);
}

/** The match of all blocks together: prefixes are joined, and everything else has to hold. */
export function mergedMatch(blocks: readonly ConditionBlock[]): IrMatch {
  const all = blocks.flat();
  const headers = unique(all.flatMap(({ header }) => (header === undefined ? [] : [headerMatch(header)])));
  const query = unique(
    all.flatMap(({ queryParameter }) => (queryParameter === undefined ? [] : [queryMatch(queryParameter)])),
  );
  return {
    path: mergedPath(all),
    ...(headers.length === 0 ? {} : { headers }),
    ...(query.length === 0 ? {} : { query }),
  };
}

function mergedPath(all: ConditionBlock): IrPathMatch {
  const prefix = all.map(({ prefix: text = "" }) => text).join("");
  const last = all.find(({ exact, regex }) => isGiven(exact) || isGiven(regex));
  if (isGiven(last?.exact)) return { type: "exact", value: squeezed(prefix + last.exact) };
  if (isGiven(last?.regex)) {
    const before = squeezed(prefix).replace(/\/$/, "");
    return { type: "regex", value: before === "" ? last.regex : quoteRegex(before) + below(last.regex) };
  }
  const value = squeezed(prefix);
  return value === "" || value === "/" ? { type: "prefix", value: "/" } : { type: "textPrefix", value };
}

/** `/a|/b` below `/api` is `/api/a` or `/api/b`: `/b` alone is not what was delegated. */
function below(regex: string): string {
  return regex.includes("|") ? `(?:${regex})` : regex;
}

/** `/api/` and `/v1` meet in one slash, as they do in a request's path after Envoy has normalised it. */
function squeezed(path: string): string {
  return path.replaceAll(/\/{2,}/g, "/");
}

function pathProblem(block: ConditionBlock, place: "route" | "include"): ConditionsProblem | undefined {
  const paths = block.flatMap(({ prefix, exact, regex }) =>
    (
      [
        ["prefix", prefix],
        ["exact", exact],
        ["regex", regex],
      ] as const
    ).flatMap(([type, value]) => (isGiven(value) ? [{ type, value }] : [])),
  );
  const wrong = (message: string): ConditionsProblem => ({ kind: "path", message });
  for (const { type, value } of paths) {
    if (place === "include" && type !== "prefix") return wrong(`an include may ask for a prefix, not for ${type}`);
    if (!value.startsWith("/")) return wrong(`${type} ${value} does not start with /`);
    if (type !== "regex" && /[?#]/.test(value)) return wrong(`no request's path holds a ? or #, as ${value} does`);
    const problem = type === "regex" ? regexProblem(value) : undefined;
    if (problem !== undefined) return wrong(`regex ${value} is none: ${problem}`);
  }
  if (paths.length <= 1) return undefined;
  return wrong(`more than one path is asked for: ${paths.map(({ type, value }) => `${type} ${value}`).join(", ")}`);
}

/** An expression that is one alone need not be one in a group: `/a|\Q` quotes the end of it. */
function joinedProblem(above: readonly ConditionBlock[], own: ConditionBlock): ConditionsProblem | undefined {
  if (above.length === 0 || !own.some(({ regex }) => isGiven(regex))) return undefined;
  const { value } = mergedPath([...above, own].flat());
  const problem = regexProblem(value);
  return problem === undefined
    ? undefined
    : { kind: "path", message: `with its includes' prefix the regex is ${value}, which is none: ${problem}` };
}

function togetherProblem(all: ConditionBlock): ConditionsProblem | undefined {
  const headers = all.flatMap(({ header }): readonly HeaderCondition[] => (header === undefined ? [] : [header]));
  const header = headerProblem(headers);
  if (header !== undefined) return { kind: "header", message: header };
  const query = queryProblem(all.flatMap(({ queryParameter }) => queryParameter ?? []));
  return query === undefined ? undefined : { kind: "query", message: query };
}

/** Go's empty text: nothing was said. */
function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

/** Sorted, each once: the order in which they were written says nothing. */
function unique<T>(parts: readonly T[]): readonly T[] {
  const byText = new Map(parts.map((part) => [JSON.stringify(part), part]));
  return [...byText].sort(([a], [b]) => compareText(a, b)).map(([, part]) => part);
}
