import assert from "node:assert/strict";
import { test } from "node:test";
import { desiredObjects } from "../desired.ts";
import { discovered, endpoint } from "../discovered-for-tests.ts";
import { discoveredKey, type DiscoveredService } from "../discovered.ts";
import { rememberedService, rememberedStaleSince } from "./remembered.ts";

const takenOver = { labels: ["expose"], annotations: [] };

function objectsOf(upstream: DiscoveredService, staleSince?: number) {
  const desired = desiredObjects(upstream, {
    backend: "east",
    takenOver,
    ...(staleSince === undefined ? {} : { staleSince }),
  });
  assert.ok("service" in desired);
  return desired;
}

const group = (port: number, ...addresses: readonly string[]) => ({
  addressType: "IPv4" as const,
  ports: [{ name: "http", protocol: "TCP" as const, port, appProtocol: "http" }],
  endpoints: addresses.map(endpoint),
});
const ports = [
  { name: "http", port: 80, protocol: "TCP" as const, appProtocol: "http" },
  { name: "dns", port: 53, protocol: "UDP" as const },
];
const many = Array.from({ length: 250 }, (_, index) => `10.20.${index}.1`);

const SERVICES: Readonly<Record<string, DiscoveredService>> = {
  plain: discovered("cart"),
  "of another team, with what is taken over and what is not": discovered("cart", ["10.20.0.1"], {
    scope: "shop",
    labels: { app: "cart", expose: "yes", secret: "no" },
    annotations: { "kubernetes.io/description": "the cart" },
    sessionAffinity: "ClientIP",
    ports,
  }),
  "with three slices of one group and one of another": discovered("cart", [], {
    endpoints: [group(8080, ...many), group(8081, "10.21.0.1")],
  }),
  "that drains": discovered("cart", [], {
    endpoints: [
      {
        ...group(8080),
        endpoints: [{ ...endpoint("10.20.0.1"), ready: false, terminating: true, hostname: "a", zone: "z" }],
      },
    ],
  }),
  "with weights and priorities": discovered("cart", [], {
    endpoints: [
      { ...group(8080, "10.20.0.1"), weight: 3, priority: 1 },
      { ...group(8080, "10.20.0.2"), weight: 0 },
      { ...group(8080, "10.20.0.3"), priority: 2 },
    ],
  }),
  "that is a load balancer": discovered("cart", ["10.20.0.1"], {
    loadBalancer: { id: "0CA2A1D4-9B1C-4f7e-8d1b-3f0f4e1a2b3c", name: "The cart (blue)" },
  }),
  "that is a load balancer without a name": discovered("cart", [], { loadBalancer: { id: "x1", name: "" } }),
  "without endpoints": discovered("cart", []),
  "that is a name": discovered("cart", [], { externalName: "cart.example" }),
};

for (const [what, upstream] of Object.entries(SERVICES)) {
  test(`a service ${what} is remembered so that it gives the same objects`, () => {
    const before = objectsOf(upstream);
    const remembered = rememberedService(discoveredKey(upstream), before.service, before.slices);
    assert.deepEqual(objectsOf(remembered), before);
    assert.equal(discoveredKey(remembered), discoveredKey(upstream));
  });
}

test("since when it is stale is remembered, and is not the service's own", () => {
  const since = Date.parse("2026-01-31T12:00:00Z");
  const { service, slices } = objectsOf(discovered("cart"), since);
  assert.equal(rememberedStaleSince(service), since);
  const remembered = rememberedService(discoveredKey(discovered("cart")), service, slices);
  assert.equal(rememberedStaleSince(objectsOf(remembered).service), undefined);
});
