import assert from "node:assert/strict";
import { test } from "node:test";
import type { FlowGraph, FlowNode } from "./flow-graph.ts";
import { bandPath, layoutFlow } from "./flow-layout.ts";

function node(step: number, label: string, perSecond: number): FlowNode {
  return { id: `${step} ${label}`, step, label, sub: "", perSecond, errorsPerSecond: 0, count: 1 };
}

test("bands end beside their nodes, also where endpoints had more attempts than the upstream requests", () => {
  const graph: FlowGraph = {
    nodes: [node(2, "cart", 10), node(2, "last", 10), ...["a", "b", "c"].map((name) => node(3, name, 8))],
    links: ["a", "b", "c"].map((name) => ({ from: "2 cart", to: `3 ${name}`, perSecond: 8, errorsPerSecond: 1 })),
  };
  const { nodes, links } = layoutFlow(graph, 800, 600);
  assert.equal(links.length, 3);
  for (const { from, to, start, end } of links) {
    for (const [id, { y, width }] of [
      [from, start],
      [to, end],
    ] as const) {
      const own = nodes.find((one) => one.id === id);
      assert.ok(own !== undefined && y - width / 2 >= own.y - 0.1 && y + width / 2 <= own.y + own.height + 0.1, id);
    }
  }
});

test("a band's area is as high as it is wide at each end; a share of it lies in its middle, and is always seen", () => {
  const band = { start: { x: 0, y: 50, width: 20 }, end: { x: 100, y: 80, width: 40 } };
  assert.equal(bandPath(band), "M0,40 C50,40 50,60 100,60 L100,100 C50,100 50,60 0,60 Z");
  assert.equal(bandPath(band, 0.01, 1), "M0,49.5 C50,49.5 50,79.5 100,79.5 L100,80.5 C50,80.5 50,50.5 0,50.5 Z");
});
