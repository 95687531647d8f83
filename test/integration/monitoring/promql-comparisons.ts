import { parser } from "@prometheus-io/lezer-promql";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

const COMPARISONS = new Set(["Eql", "Neq", "Lss", "Lte", "Gtr", "Gte"]);

/** A PromQL expression without its comparisons, each replaced by its left side: `a / b` of `a / b < 0.05`. */
export function withoutComparisons(expression: string): string {
  const textOf = (node: SyntaxNode): string => {
    const left = node.firstChild;
    if (left === null) return expression.slice(node.from, node.to);
    if (node.name === "BinaryExpr" && COMPARISONS.has(left.nextSibling?.name ?? "")) return textOf(left);
    let text = "";
    let at = node.from;
    for (let child: SyntaxNode | null = left; child !== null; child = child.nextSibling) {
      text += expression.slice(at, child.from) + textOf(child);
      at = child.to;
    }
    return text + expression.slice(at, node.to);
  };
  return textOf(parser.parse(expression).topNode);
}
