import { FILTER_FIELDS, type FilterPair, filterFromPairs, pairsFromFilter } from "#api/traffic-filter.ts";
import type { TrafficFilter } from "#traffic/messages.ts";

/** Shorter names that people type. */
const ALIASES: Readonly<Record<string, string>> = {
  id: "request-id",
  ip: "client",
  ns: "namespace",
  slower: "slower-than",
  status: "code",
  upstream: "cluster",
};

/** What was typed, put on top of the filter that stands; `problem` says what to write instead. */
export type FilterInput =
  | { readonly ok: true; readonly filter: TrafficFilter }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads words of the filter box: `host:shop.localhost code:5xx`. A word without a colon, or with a name that is none, is
 * part of the path; quotes hold blanks together.
 */
export function readFilterWords(text: string, standing: TrafficFilter): FilterInput {
  const pairs: FilterPair[] = [];
  for (const [word] of text.matchAll(/(?:[^\s"]|"[^"]*")+/g)) pairs.push(readWord(word.replaceAll('"', "")));
  const { problems } = filterFromPairs(pairs);
  const [problem] = problems;
  if (problem !== undefined) return { ok: false, problem: `${problem.path}: ${problem.message}; ${problem.fix ?? ""}` };
  const known = pairsFromFilter(standing);
  const added = pairs.filter(([name, value]) => !known.some((pair) => pair[0] === name && pair[1] === value));
  return { ok: true, filter: filterFromPairs([...known, ...added]).filter };
}

function readWord(word: string): FilterPair {
  const match = /^([a-z-]+):(.+)$/i.exec(word);
  const typed = match?.[1]?.toLowerCase() ?? "";
  const name = ALIASES[typed] ?? typed;
  if (FILTER_FIELDS.some((field) => field.name === name)) return [name, match?.[2] ?? ""];
  return word.startsWith("/") ? ["path", word] : ["path-contains", word];
}

/** The filter without one of its pairs. */
export function withoutPair(filter: TrafficFilter, pair: FilterPair): TrafficFilter {
  return filterFromPairs(pairsFromFilter(filter).filter(([name, value]) => name !== pair[0] || value !== pair[1]))
    .filter;
}

/** The filter with one more pair. */
export function withPair(filter: TrafficFilter, pair: FilterPair): TrafficFilter {
  return filterFromPairs([...pairsFromFilter(withoutPair(filter, pair)), pair]).filter;
}
