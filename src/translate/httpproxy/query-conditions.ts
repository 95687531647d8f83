import type { ProxyCondition } from "#resources/httpproxy.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrTextMatch } from "../ir-header-match.ts";
import type { IrQueryMatch } from "../ir-route.ts";
import { regexProblem } from "../regular-expression.ts";

type QueryCondition = NonNullable<ProxyCondition["queryParameter"]>;

const OPERATORS = ["exact", "prefix", "suffix", "regex", "contains", "present"] as const;
type Operator = (typeof OPERATORS)[number];

/** What is wrong with the conditions on query parameters that a request has to fulfil together; the first thing found. */
export function queryProblem(conditions: readonly QueryCondition[]): string | undefined {
  const exact = new Map<string, string>();
  for (const condition of conditions) {
    const { name } = condition;
    if (name === "") return "a query parameter has no name";
    const given = operatorsOf(condition);
    if (given.length !== 1) {
      return `query parameter ${name} has ${given.length === 0 ? "no operator" : given.join(" and ")}, and needs exactly one of ${OPERATORS.join(", ")}`;
    }
    if (given[0] === "regex") {
      const problem = regexProblem(condition.regex ?? "");
      if (problem !== undefined) return `the regex of query parameter ${name} is none: ${problem}`;
    }
    if (given[0] !== "exact" || condition.exact === undefined) continue;
    const before = exact.get(name);
    if (before !== undefined && before !== condition.exact)
      return `query parameter ${name} cannot be two values at once`;
    exact.set(name, condition.exact);
  }
  return undefined;
}

/** Of a condition without a {@link queryProblem}. */
export function queryMatch(condition: QueryCondition): IrQueryMatch {
  const [operator = "present"] = operatorsOf(condition);
  return { name: condition.name, match: textMatch(operator, condition) };
}

function textMatch(operator: Operator, condition: QueryCondition): IrTextMatch {
  const value = String(condition[operator]);
  switch (operator) {
    case "present":
      return { type: "present" };
    case "regex":
      return { type: "regex", value };
    case "exact":
    case "prefix":
    case "suffix":
    case "contains":
      return { type: operator, value, ...(condition.ignoreCase === true ? { ignoreCase: true } : {}) };
    default:
      return unreachable(operator);
  }
}

/** Those that are said; false and an empty text say nothing (Go's empty values). */
function operatorsOf(condition: QueryCondition): readonly Operator[] {
  return OPERATORS.filter((operator) => Boolean(condition[operator]));
}
