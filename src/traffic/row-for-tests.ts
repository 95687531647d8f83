import type { RequestRow } from "./request-shown.ts";

/** A request as tests need one: an ordinary answer of the shop's cart, with what the test says. */
export function rowForTests(row: Partial<RequestRow> = {}): RequestRow {
  return {
    id: 1,
    time: 1000,
    envoy: "envoy",
    listener: "http",
    method: "GET",
    authority: "shop.localhost",
    path: "/cart",
    protocol: "HTTP/1.1",
    code: 200,
    flags: [],
    details: "via_upstream",
    transportFailure: "",
    host: "shop.localhost",
    route: "prefix /",
    owner: { kind: "Ingress", namespace: "team-shop", name: "shop" },
    upstream: { backend: "local", namespace: "team-shop", service: "cart", port: 80 },
    endpoint: "10.0.0.1:8080",
    attempts: 1,
    duration: 12,
    phases: { waiting: 0.2, connecting: 0, upstream: 11, transfer: 0.8 },
    bytesIn: 100,
    bytesOut: 200,
    client: "192.0.2.1",
    userAgent: "curl/8",
    requestId: "8f14e45f-0000-4000-8000-000000000001",
    kept: "sample",
    weight: 1,
    ...row,
  };
}
