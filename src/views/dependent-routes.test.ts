import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { IrCluster, IrItem, UpstreamIdentity } from "#translate/ir.ts";
import { clusterName } from "#translate/ir.ts";
import { dependentRoutes } from "./dependent-routes.ts";

const owner = { kind: "Ingress", namespace: "team-shop", name: "shop" } as const;

/** @param fallback the last of its endpoints is of this one */
function upstream(backend: string, service: string, addresses: number, fallback?: UpstreamIdentity): IrItem[] {
  const identity = { backend, namespace: "team-shop", service, port: 80, transport: "tcp" } as const;
  const name = clusterName(identity);
  const cluster: IrCluster = {
    type: "cluster",
    name,
    upstream: identity,

    protocol: "http1",
    tls: false,
    connectTimeout: 1000,
    healthCheck: undefined,
    outlierDetection: true,
    circuitBreaker: {
      maxConnections: undefined,
      maxPendingRequests: undefined,
      maxRequests: undefined,
      maxRetries: undefined,
      perHostMaxConnections: undefined,
    },
    ...(fallback === undefined ? {} : { fallbacks: [fallback] }),
  };
  const endpoints = Array.from({ length: addresses }, (_, at) => ({
    address: `10.0.0.${at}`,
    port: 80,
    health: "healthy" as const,
    zone: undefined,
    ...(fallback !== undefined && at === addresses - 1 ? { of: fallback, priority: 1 } : {}),
  }));
  return [cluster, { type: "endpoints", name, endpoints }];
}

function host(routeTable: string, clusters: readonly { readonly name: string; readonly weight: number }[]): IrItem {
  return {
    type: "virtualHost",
    name: `${routeTable}/shop.example`,
    routeTable,
    host: "shop.example",
    routes: [
      {
        name: "prefix /",
        owner,
        match: { path: { type: "prefix", value: "/" } },
        action: {
          type: "forward",
          clusters,
          requestTimeout: 0,
          retry: { on: "", attempts: 0, perTryTimeout: undefined },
        },
      },
      {
        name: "prefix /old",
        owner,
        match: { path: { type: "prefix", value: "/old" } },
        action: { type: "respond", status: 404, body: "" },
      },
    ],
  };
}

const EAST = "east/team-shop/east-cart/80";
const LOCAL = "local/team-shop/cart/80";
const upstreams = [...upstream("east", "east-cart", 2), ...upstream("local", "cart", 3)];

suite("the routes that need a backend", () => {
  test("each once, whatever route tables it stands in, with what it loses and keeps", () => {
    const targets = [
      { name: EAST, weight: 3 },
      { name: LOCAL, weight: 1 },
    ];
    const items = [host("http", targets), host("https", targets), ...upstreams];
    assert.deepEqual(dependentRoutes(items, "east"), [
      {
        owner,
        host: "shop.example",
        route: "prefix /",
        services: [{ namespace: "team-shop", name: "east-cart", port: 80, share: 0.75, endpoints: 2 }],
        remaining: 3,
      },
    ]);
    assert.deepEqual(dependentRoutes(items, "west"), []);
  });

  test("one that has no other endpoints keeps nothing", () => {
    const [route] = dependentRoutes([host("http", [{ name: EAST, weight: 0 }]), ...upstreams], "east");
    assert.equal(route?.remaining, 0);
    assert.equal(route.services[0]?.share, 0);
  });

  test("what takes over is kept, and needed without a share", () => {
    const west = { backend: "west", namespace: "team-shop", service: "west-cart", port: 80, transport: "tcp" } as const;
    const items = [host("http", [{ name: EAST, weight: 1 }]), ...upstream("east", "east-cart", 3, west)];
    const service = { namespace: "team-shop", port: 80 };
    const [east, fallback] = ["east", "west"].map((backend) => dependentRoutes(items, backend)[0]);
    assert.deepEqual(east?.services, [{ ...service, name: "east-cart", share: 1, endpoints: 2 }]);
    assert.equal(east.remaining, 1);
    assert.deepEqual(fallback?.services, [{ ...service, name: "west-cart", share: 0, endpoints: 1 }]);
    assert.equal(fallback.remaining, 2);
  });

  test("a listener of TCP is a route without an object", () => {
    const listener: IrItem = {
      type: "listener",
      name: "db",
      address: "0.0.0.0",
      port: 5432,
      proxyProtocol: false,
      trustedHops: 0,
      serves: { protocol: "tcp", cluster: EAST },
    };
    const [route] = dependentRoutes([listener, ...upstreams], "east");
    assert.deepEqual([route?.owner, route?.host, route?.route], [undefined, "", "tcp listener db"]);
  });
});
