import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { EndpointSlice } from "#resources/endpoint-slice.ts";
import type { Service } from "#resources/service.ts";
import { type DesiredOptions, desiredObjects } from "./desired.ts";
import { countEndpoints, type DiscoveredService } from "./discovered.ts";
import { discovered, endpoint } from "./discovered-for-tests.ts";

const east: DesiredOptions = { backend: "east", takenOver: { labels: [], annotations: [] } };

function made(upstream: DiscoveredService, options = east): { service: Service; slices: readonly EndpointSlice[] } {
  const desired = desiredObjects(upstream, options);
  if ("problems" in desired) assert.fail(JSON.stringify(desired.problems));
  return desired;
}

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `10.1.${Math.floor(index / 200)}.${index % 200}`);

suite("the objects of a discovered service", () => {
  test("a headless Service without selector under Gimbal's name, with Gimbal's labels", () => {
    const { service, slices } = made(discovered("cart"));
    assert.deepEqual(service.metadata, {
      name: "east-cart",
      namespace: "team-shop",
      labels: { "gimbal.projectcontour.io/backend": "east", "gimbal.projectcontour.io/service": "cart" },
      annotations: { "binnacle.dev/upstream": "team-shop/cart" },
    });
    assert.equal(service.spec.clusterIP, "None");
    assert.deepEqual(service.spec.selector, {});
    assert.deepEqual(service.spec.ports, [{ name: "http", protocol: "TCP", port: 80, targetPort: 80 }]);
    const [slice] = slices;
    assert.match(slice?.metadata.name ?? "", /^east-cart-[0-9a-f]{10}-0$/);
    assert.equal(slice?.metadata.labels["kubernetes.io/service-name"], "east-cart");
    assert.equal(slice?.metadata.labels["gimbal.projectcontour.io/backend"], "east");
    assert.deepEqual(slice?.endpoints, [
      { addresses: ["10.0.0.1"], conditions: { ready: true, serving: true, terminating: false } },
    ]);
    assert.deepEqual(slice?.ports, [{ name: "http", protocol: "TCP", port: 8080 }]);
  });

  test("a load balancer has Gimbal's labels of its id and name, on the Service and its slices", () => {
    const { service, slices } = made(
      discovered("lb-1", ["10.0.0.1"], { loadBalancer: { id: "LB-1", name: "!shop:8080!" } }),
    );
    for (const { metadata } of [service, ...slices]) {
      assert.equal(metadata.labels["gimbal.projectcontour.io/load-balancer-id"], "LB-1");
      assert.equal(metadata.labels["gimbal.projectcontour.io/load-balancer-name"], "lb-shop-8080-lb");
    }
  });

  test("each weight and priority is a slice of its own, with annotations that translation reads", () => {
    const ports = [{ name: "http", protocol: "TCP" as const, port: 8080 }];
    const group = (address: string, load: { readonly weight?: number; readonly priority?: number }) => ({
      addressType: "IPv4" as const,
      ports,
      endpoints: [endpoint(address)],
      ...load,
    });
    const { slices } = made(
      discovered("cart", [], {
        endpoints: [
          group("10.0.0.3", { weight: 10 }),
          group("10.0.0.1", {}),
          group("10.0.0.2", { weight: 10 }),
          group("10.0.0.4", { weight: 10, priority: 2 }),
        ],
      }),
    );
    const found = slices.map(({ endpoints, metadata }) => [
      endpoints.flatMap(({ addresses }) => addresses).join(" "),
      metadata.annotations["binnacle.dev/weight"],
      metadata.annotations["binnacle.dev/priority"],
    ]);
    assert.deepEqual(
      found.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
      [
        ["10.0.0.1", undefined, undefined],
        ["10.0.0.2 10.0.0.3", "10", undefined],
        ["10.0.0.4", "10", "2"],
      ],
    );
  });

  test("protocol, appProtocol and session affinity are kept: Gimbal lost them", () => {
    const { service, slices } = made(
      discovered("dns", [], {
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "grpc", port: 90, protocol: "TCP", appProtocol: "kubernetes.io/h2c" },
        ],
        endpoints: [
          {
            addressType: "IPv4",
            ports: [{ name: "dns", protocol: "UDP", port: 5353 }],
            endpoints: [endpoint("10.0.0.1")],
          },
        ],
        sessionAffinity: "ClientIP",
      }),
    );
    assert.deepEqual(
      service.spec.ports.map(({ protocol, appProtocol }) => [protocol, appProtocol]),
      [
        ["UDP", undefined],
        ["TCP", "kubernetes.io/h2c"],
      ],
    );
    assert.equal(service.spec.sessionAffinity, "ClientIP");
    assert.equal(slices[0]?.ports[0]?.protocol, "UDP");
  });

  test("slices of about a hundred, in an order that does not depend on that of the endpoints", () => {
    const forward = made(discovered("cart", addresses(250)));
    assert.equal(forward.slices.length, 3);
    assert.equal(forward.slices.flatMap(({ endpoints }) => endpoints).length, 250);
    assert.deepEqual(made(discovered("cart", addresses(250).toReversed())), forward);
  });

  test("one endpoint less is another slice and no more", () => {
    const before = made(discovered("cart", addresses(250))).slices;
    const after = made(discovered("cart", addresses(250).slice(1))).slices;
    const same = after.filter((slice, at) => isDeepStrictEqual(slice, before[at]));
    assert.deepEqual([after.length, same.length], [3, 2]);
  });

  test("an endpoint that stands in two slices upstream stands once, in its better condition", () => {
    const [group] = discovered("cart").endpoints;
    const notReady = { ...endpoint("10.0.0.1"), ready: false };
    const twice = { endpoints: [{ ...group!, endpoints: [notReady] }, group!] };
    const { slices } = made(discovered("cart", [], twice));
    assert.equal(slices.length, 1);
    assert.deepEqual(slices[0]?.endpoints, made(discovered("cart")).slices[0]?.endpoints);
  });

  test("addresses of two families, and endpoints with other ports, have slices of their own", () => {
    const [group] = discovered("cart").endpoints;
    const { slices } = made(
      discovered("cart", [], {
        endpoints: [
          group!,
          { ...group!, addressType: "IPv6", endpoints: [endpoint("2001:db8::1")] },
          { ...group!, ports: [{ name: "http", protocol: "TCP", port: 9090 }] },
        ],
      }),
    );
    assert.equal(new Set(slices.map(({ metadata }) => metadata.name)).size, 3);
    assert.deepEqual(slices.map(({ addressType }) => addressType).sort(), ["IPv4", "IPv4", "IPv6"]);
  });

  test("ready, serving and terminating are kept", () => {
    const [group] = discovered("cart").endpoints;
    const draining = { address: "10.0.0.2", ready: false, serving: true, terminating: true };
    const { slices } = made(discovered("cart", [], { endpoints: [{ ...group!, endpoints: [draining] }] }));
    assert.deepEqual(slices[0]?.endpoints[0]?.conditions, { ready: false, serving: true, terminating: true });
  });

  test("an external name is one, and has no slices", () => {
    const { service, slices } = made(discovered("db", [], { externalName: "db.example.com" }));
    assert.equal(service.spec.type, "ExternalName");
    assert.equal(service.spec.externalName, "db.example.com");
    assert.equal(service.spec.clusterIP, undefined);
    assert.deepEqual(slices, []);
  });

  test("backends that share a name share no slice: identity is the tuple", () => {
    const first = made(discovered("c"), { ...east, backend: "a-b" });
    const second = made(discovered("b-c"), { ...east, backend: "a" });
    assert.equal(first.service.metadata.name, second.service.metadata.name);
    assert.notEqual(first.slices[0]?.metadata.name, second.slices[0]?.metadata.name);
  });

  test("labels and annotations come through a list, and never ours or those of deployment tools", () => {
    const upstream = discovered("cart", [], {
      labels: {
        app: "cart",
        "helm.sh/chart": "cart-1",
        "app.kubernetes.io/instance": "cart-prod",
        "app.kubernetes.io/name": "cart",
        "gimbal.projectcontour.io/service": "somebody-else",
        "corp.example/owner": "shop",
      },
      annotations: {
        "projectcontour.io/upstream-protocol.h2c": "80",
        "binnacle.dev/outlier-detection": "off",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "corp.example/page": "x",
      },
    });
    const own = { "gimbal.projectcontour.io/backend": "east", "gimbal.projectcontour.io/service": "cart" };
    const place = { "binnacle.dev/upstream": "team-shop/cart" };
    const plain = made(upstream).service.metadata;
    assert.deepEqual(plain.labels, { ...own, app: "cart", "app.kubernetes.io/name": "cart" });
    assert.deepEqual(plain.annotations, { ...place, "projectcontour.io/upstream-protocol.h2c": "80" });
    const takenOver = {
      labels: ["corp.example/owner", "helm.sh/chart"],
      annotations: ["corp.example/page", "binnacle.dev/outlier-detection"],
    };
    const more = made(upstream, { ...east, takenOver }).service.metadata;
    assert.equal(more.labels["corp.example/owner"], "shop");
    assert.equal(more.labels["helm.sh/chart"], undefined);
    assert.equal(more.annotations["corp.example/page"], "x");
    assert.equal(more.annotations["binnacle.dev/outlier-detection"], undefined);
  });

  test("how old a stale one is stands on the Service", () => {
    const { service, slices } = made(discovered("cart"), { ...east, staleSince: Date.UTC(2026, 0, 31, 12) });
    assert.equal(service.metadata.annotations["binnacle.dev/stale-since"], "2026-01-31T12:00:00.000Z");
    assert.deepEqual(slices, made(discovered("cart")).slices);
  });

  test("a service that can be no object here is told as a problem", () => {
    const desired = desiredObjects(discovered("cart", ["not-an-address"]), east);
    assert.ok("problems" in desired);
    assert.match(desired.problems[0]?.message ?? "", /not-an-address/);
  });
});

test("endpoints are counted as address and port, whether ready or not: Gimbal counted ready addresses", () => {
  const [group] = discovered("cart", ["10.0.0.1", "10.0.0.2"]).endpoints;
  const ports = [...group!.ports, { name: "admin", protocol: "TCP" as const, port: 9000 }];
  const unready = group!.endpoints.map((one) => ({ ...one, ready: false }));
  assert.equal(countEndpoints(discovered("cart", [], { endpoints: [{ ...group!, ports, endpoints: unready }] })), 4);
});
