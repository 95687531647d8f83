import { parser } from "@prometheus-io/lezer-promql";

/** The names of the metrics that a PromQL expression reads, also those in `{__name__="…"}`; sorted. */
export function metricNames(expression: string): readonly string[] {
  const names = new Set<string>();
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) {
        throw new Error(`not PromQL near "${expression.slice(node.from, node.from + 20)}": ${expression}`);
      }
      if (node.name !== "VectorSelector") return;
      const name = node.node.getChild("Identifier");
      if (name === null) throw new Error(`a selector without a metric's name: ${expression}`);
      names.add(expression.slice(name.from, name.to));
    },
  });
  return [...names].sort();
}
