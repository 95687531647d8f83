import { parser } from "@prometheus-io/lezer-promql";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** Labels that an expression asks for, and where it must find each: on one of these metrics, or among those that it makes. */
export interface AskedLabels {
  readonly labels: readonly string[];
  readonly metrics: readonly string[];
  readonly made: readonly string[];
}

/** What a PromQL expression asks of labels: by matchers of a metric, and by `by`, `on` and the like of all metrics below them. */
export function askedLabels(expression: string): readonly AskedLabels[] {
  const textOf = ({ from, to }: SyntaxNode) => expression.slice(from, to);
  const found: AskedLabels[] = [];
  for (const node of nodesOf(parser.parse(expression).topNode)) {
    if (node.name !== "VectorSelector" && node.name !== "GroupingLabels") continue;
    // The expression that the clause belongs to: sum by (…) (…), or left * on (…) right.
    const about = node.name === "VectorSelector" ? node : node.parent?.parent;
    if (about === null || about === undefined) continue;
    const below = nodesOf(about);
    found.push({
      labels: nodesOf(node).flatMap((each) => (each.name === "LabelName" ? [textOf(each)] : [])),
      metrics: below.flatMap((each) => (each.name === "VectorSelector" ? [textOf(each.getChild("Identifier")!)] : [])),
      made: below.flatMap((each) =>
        each.name === "FunctionCall" && /^label_(replace|join)\b/.test(textOf(each))
          ? nodesOf(each).flatMap((part) => (part.name === "StringLiteral" ? [textOf(part).slice(1, -1)] : []))
          : [],
      ),
    });
  }
  return found;
}

function nodesOf(node: SyntaxNode): readonly SyntaxNode[] {
  const nodes = [node];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) nodes.push(...nodesOf(child));
  return nodes;
}
