import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterState, EndpointState, RouteTotals, Upstream } from "#traffic/table-rows.ts";
import { testRoute, testTotals } from "../feed/test-rows.ts";
import { flowGraph } from "./flow-graph.ts";
import { layoutFlow, nodesThatFit } from "./flow-layout.ts";

function upstream(service: string): Upstream {
  return { backend: "local", namespace: "team", service, port: 80 };
}

function route(key: string, perSecond: number, service: string | undefined, errors = 0): RouteTotals {
  const upstreams = service === undefined ? [] : [{ upstream: upstream(service), perSecond, errorsPerSecond: errors }];
  return testRoute(key, { ...testTotals(perSecond, errors), upstreams });
}

function cluster(service: string, addresses: readonly string[], perSecond: number): ClusterState {
  const endpoints = addresses.map((address): EndpointState => ({
    address,
    health: "healthy",
    activeRequests: 0,
    activeConnections: 0,
    requests: 0,
    errors: 0,
    timeouts: 0,
    connectFailures: 0,
    perSecond,
    errorsPerSecond: 0,
  }));
  return {
    key: service,
    upstream: upstream(service),
    endpoints,
    healthy: addresses.length,
    ...testTotals(),
  };
}

test("what flows into a node flows out of it, through all four steps", () => {
  const graph = flowGraph(
    [route("a", 6, "x", 1), route("b", 4, "x"), route("c", 2, undefined)],
    [cluster("x", ["10.0.0.1:80", "10.0.0.2:80"], 5)],
  );
  const rates = graph.nodes.map(({ step, label, perSecond }) => [step, label, perSecond]);
  assert.deepEqual(rates, [
    [0, "http", 12],
    [1, "a", 6],
    [1, "b", 4],
    [1, "c", 2],
    [2, "x", 10],
    [2, "answered here", 2],
    [3, "10.0.0.1:80", 5],
    [3, "10.0.0.2:80", 5],
  ]);
  assert.equal(graph.nodes[0]?.errorsPerSecond, 1);
});

test("what does not flow is not drawn, and upstreams of other routes neither", () => {
  const graph = flowGraph([route("a", 0, "x")], [cluster("x", ["10.0.0.1:80"], 0), cluster("y", ["10.0.0.2:80"], 3)]);
  assert.deepEqual(graph, { nodes: [], links: [] });
});

test("the busiest of many are drawn and the rest together, so that no request is missing", () => {
  const routes = Array.from({ length: 40 }, (_, index) =>
    route(`r${String(index).padStart(2, "0")}`, index + 1, `s${index}`),
  );
  const { nodes, links } = flowGraph(routes, []);
  const shown = nodes.filter(({ step }) => step === 1);
  assert.equal(shown.length, 8);
  assert.equal(shown.at(-1)?.label, "33 others");
  const total = (820 * 2) / 2;
  assert.equal(
    shown.reduce((sum, { perSecond }) => sum + perSecond, 0),
    total,
  );
  assert.equal(
    links.filter(({ from }) => from.startsWith("1 ")).reduce((sum, { perSecond }) => sum + perSecond, 0),
    total,
  );
});

test("the same flows in another order give the same picture", () => {
  const routes = [route("a", 6, "x"), route("b", 4, "y"), route("c", 2, "x")];
  const there = layoutFlow(flowGraph(routes, []), 800, 400);
  const back = layoutFlow(flowGraph(routes.toReversed(), []), 800, 400);
  assert.deepEqual(back.nodes, there.nodes);
});

test("a layout stays within its box, and no node lies on another", () => {
  const routes = Array.from({ length: 30 }, (_, index) => route(`r${index}`, (index % 7) * 10 + 0.1, `s${index % 12}`));
  for (const height of [330, 500, 900]) {
    const { nodes } = layoutFlow(flowGraph(routes, []), 800, height);
    for (const node of nodes) {
      assert.ok(node.y >= 0 && node.y + node.height <= height + 0.5, `${node.label} at ${node.y} of ${height}`);
      const below = nodes.find(
        (other) => other !== node && other.step === node.step && other.y >= node.y && other.y < node.y + node.height,
      );
      assert.equal(below, undefined);
    }
  }
});

test("in a low box there are fewer nodes, and they leave room to show how much flows", () => {
  const routes = Array.from({ length: 30 }, (_, index) => route(`r${index}`, index + 1, `s${index}`));
  for (const height of [120, 220, 330, 420]) {
    const graph = flowGraph(routes, [], [], nodesThatFit(height));
    const { nodes } = layoutFlow(graph, 800, height);
    assert.ok(
      nodes.every((node) => node.y + node.height <= height + 0.5),
      String(height),
    );
    assert.ok(
      nodes.some((node) => node.height > 32),
      String(height),
    );
  }
});

test("connections flow past their protocol to the upstream, or nowhere", () => {
  const stream = { connections: 9, failed: 0, bytesIn: 0, bytesOut: 0, bytesInPerSecond: 0, bytesOutPerSecond: 0 };
  const { nodes, links } = flowGraph(
    [],
    [],
    [
      {
        ...stream,
        key: "db",
        protocol: "tcp",
        upstreams: [{ upstream: upstream("db"), share: 1 }],
        perSecond: 3,
        failedPerSecond: 1,
      },
      {
        ...stream,
        key: "idle",
        protocol: "tcp",
        upstreams: [{ upstream: upstream("db"), share: 1 }],
        perSecond: 0,
        failedPerSecond: 0,
      },
      { ...stream, key: "lost", protocol: "udp", upstreams: [], perSecond: 2, failedPerSecond: 5 },
    ],
  );
  assert.deepEqual(
    nodes.map(({ step, label, perSecond, errorsPerSecond }) => [step, label, perSecond, errorsPerSecond]),
    [
      [0, "db", 3, 1],
      [0, "lost", 2, 2],
      [1, "TCP", 3, 1],
      [1, "UDP", 2, 2],
      [2, "closed", 2, 2],
      [2, "db", 3, 1],
    ],
  );
  assert.equal(links.length, 4);
});
