import type { ProxyCondition } from "#resources/httpproxy.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { IrHeaderMatch, IrTextMatch } from "../ir-header-match.ts";
import { regexProblem } from "../regular-expression.ts";

export type HeaderCondition = NonNullable<ProxyCondition["header"]>;

const OPERATORS = ["present", "notpresent", "contains", "notcontains", "exact", "notexact", "regex"] as const;
type Operator = (typeof OPERATORS)[number];

/** What no request can fulfil together. */
const CONTRARY: Partial<Readonly<Record<Operator, Operator>>> = {
  notpresent: "present",
  notcontains: "contains",
  notexact: "exact",
};

/** What is wrong with the conditions on headers that a request has to fulfil together; the first thing found. */
export function headerProblem(conditions: readonly HeaderCondition[]): string | undefined {
  const seen = new Set<string>();
  const exact = new Map<string, string>();
  for (const condition of conditions) {
    const given = operatorsOf(condition);
    const [operator] = given;
    const name = condition.name.toLowerCase();
    if (operator === undefined || given.length > 1) {
      return `header ${condition.name} has ${given.length === 0 ? "no operator" : given.join(" and ")}, and needs exactly one of ${OPERATORS.join(", ")}`;
    }
    if (!isHeaderName(name)) return `${condition.name} is no name of a header`;
    if (operator === "regex") {
      const problem = regexProblem(condition.regex ?? "");
      if (problem !== undefined) return `the regex of header ${condition.name} is none: ${problem}`;
    }
    if (operator === "exact") {
      const value = condition.exact ?? "";
      const before = exact.get(name);
      if (before !== undefined && before !== value) return `header ${condition.name} cannot be two values at once`;
      exact.set(name, value);
    }
    seen.add(`${name} ${operator} ${String(condition[operator])}`);
  }
  for (const [not, is] of Object.entries(CONTRARY)) {
    const clash = conditions.find((condition) => {
      const value = condition[not as Operator];
      const name = condition.name.toLowerCase();
      return seen.has(`${name} ${not} ${String(value)}`) && seen.has(`${name} ${is} ${String(value)}`);
    });
    if (clash !== undefined) return `header ${clash.name} is asked for by ${is} and by ${not} at once`;
  }
  return undefined;
}

/** Of a condition without a {@link headerProblem}. */
export function headerMatch(condition: HeaderCondition): IrHeaderMatch {
  const [operator = "present"] = operatorsOf(condition);
  const isNegative = operator.startsWith("not");
  return {
    name: condition.name.toLowerCase(),
    match: textMatch(operator, condition),
    ...(isNegative ? { not: true } : {}),
    ...(isNegative && operator !== "notpresent" && condition.treatMissingAsEmpty === true
      ? { missingAsEmpty: true }
      : {}),
  };
}

function textMatch(operator: Operator, condition: HeaderCondition): IrTextMatch {
  const value = String(condition[operator]);
  const ignoreCase = condition.ignoreCase === true ? { ignoreCase: true as const } : {};
  switch (operator) {
    case "present":
    case "notpresent":
      return { type: "present" };
    case "contains":
    case "notcontains":
      return { type: "contains", value, ...ignoreCase };
    case "exact":
    case "notexact":
      return { type: "exact", value, ...ignoreCase };
    case "regex":
      return { type: "regex", value };
    default:
      return unreachable(operator);
  }
}

/** Those that are said; false and an empty text say nothing (Go's empty values). */
function operatorsOf(condition: HeaderCondition): readonly Operator[] {
  return OPERATORS.filter((operator) => Boolean(condition[operator]));
}

/** A header's name (RFC 9110 §5.1), or one of HTTP/2's own such as `:method`. */
export function isHeaderName(name: string): boolean {
  return /^:?[a-z0-9!#$%&'*+.^_`|~-]+$/i.test(name);
}
