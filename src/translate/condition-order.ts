import { compareText } from "#lib/compare.ts";
import type { IrHeaderMatch, IrTextMatch } from "./ir-header-match.ts";
import type { IrMatch, IrQueryMatch } from "./ir-route.ts";

type Condition = IrHeaderMatch | IrQueryMatch;

/**
 * The order of two matches that ask for as many headers and as many query parameters: condition by condition, in the order of what
 * they name, what fewer requests fulfil first. So a header that is one text goes before one that only has to be there (Contour:
 * sorter's headerMatchConditionSorter and queryParamMatchConditionSorter). 0 where conditions do not tell them apart.
 */
export function compareConditions(a: IrMatch, b: IrMatch): number {
  return compareLists(a.headers, b.headers) || compareLists(a.query, b.query);
}

function compareLists(a: readonly Condition[] = [], b: readonly Condition[] = []): number {
  const others = b.toSorted(compareCondition);
  for (const [index, condition] of a.toSorted(compareCondition).entries()) {
    const other = others[index];
    const order = other === undefined ? 0 : compareCondition(condition, other);
    if (order !== 0) return order;
  }
  return 0;
}

function compareCondition(a: Condition, b: Condition): number {
  return (
    compareText(a.name, b.name) ||
    width(a) - width(b) ||
    // The longer text leaves more requests where it must not stand.
    compareValues(a.match, b.match) * ("not" in a && a.not ? -1 : 1)
  );
}

/** Among texts to find the longer first, and one in its very case before one in any. */
function compareValues(a: IrTextMatch, b: IrTextMatch): number {
  if (a.type === "present" || b.type === "present") return 0;
  const anyCase = (match: typeof a): number => Number("ignoreCase" in match && match.ignoreCase);
  return b.value.length - a.value.length || anyCase(a) - anyCase(b) || compareText(a.value, b.value);
}

/** The more requests fulfil such a condition, the later: each kind stands behind those that it may hold. */
function width({ match, ...more }: Condition): number {
  const { not, missingAsEmpty }: Partial<IrHeaderMatch> = more;
  if (not !== true) return ORDER.indexOf(match.type);
  return ORDER.indexOf(missingAsEmpty === true ? `missing or not ${match.type}` : `not ${match.type}`);
}

/** What does not hold a text is not that text, either; both are there, unless a missing header counts as an empty one. */
const ORDER: readonly string[] = [
  "exact",
  "regex",
  "prefix",
  "suffix",
  "contains",
  "not contains",
  "not prefix",
  "not suffix",
  "not regex",
  "not exact",
  "present",
  "not present",
  "missing or not contains",
  "missing or not prefix",
  "missing or not suffix",
  "missing or not regex",
  "missing or not exact",
];
