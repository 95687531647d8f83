import assert from "node:assert/strict";
import { test } from "node:test";
import { envoyRouteName, parseRouteKey, TRAFFIC_RELABEL } from "./traffic-key.ts";

const OWNER = { kind: "Ingress", namespace: "team-shop", name: "shop" } as const;

test("a route's name says host, object and route, and is read again", () => {
  const name = envoyRouteName("*.example.com", OWNER, "prefix /a/b c");
  assert.equal(name, "*.example.com/Ingress/team-shop/shop/prefix /a/b c");
  assert.deepEqual(parseRouteKey(name), { host: "*.example.com", owner: OWNER, route: "prefix /a/b c" });
});

test("a route of the appliance has no owner; a request may have a host alone, or nothing", () => {
  const own = envoyRouteName("shop.example", undefined, "redirect");
  assert.deepEqual(parseRouteKey(own), { host: "shop.example", owner: undefined, route: "redirect" });
  assert.deepEqual(parseRouteKey("shop.example"), { host: "shop.example", owner: undefined, route: "" });
  assert.deepEqual(parseRouteKey(""), { host: "", owner: undefined, route: "" });
  assert.deepEqual(parseRouteKey("a/b"), { host: "", owner: undefined, route: "a/b" });
});

/** As Prometheus does it: the expression matches the whole value, a rule that does not match changes nothing. */
function relabel(sourceLabel: string, value: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const rule of TRAFFIC_RELABEL) {
    if (rule.sourceLabel !== sourceLabel || !new RegExp(`^(?:${rule.regex})$`).test(value)) continue;
    const text = value.replace(new RegExp(`^(?:${rule.regex})$`), rule.replacement);
    if (text !== "") labels[rule.targetLabel] = text;
  }
  return labels;
}

test("Prometheus' rules make labels of a request key", () => {
  const key = `503 UF,URX local/team-shop/cart/80 http ${envoyRouteName("shop.example", OWNER, "prefix /a b")}`;
  assert.deepEqual(relabel("request", key), {
    code: "503",
    flags: "UF,URX",
    envoy_cluster_name: "local/team-shop/cart/80",
    backend: "local",
    upstream_namespace: "team-shop",
    service: "cart",
    port: "80",
    listener: "http",
    host: "shop.example",
    route_kind: "Ingress",
    namespace: "team-shop",
    route_name: "shop",
    route: "prefix /a b",
  });
  assert.deepEqual(relabel("request", "404 NR  http shop.example"), {
    code: "404",
    flags: "NR",
    listener: "http",
    host: "shop.example",
  });
  assert.deepEqual(relabel("request", "503 - binnacle_stub http shop.example"), {
    code: "503",
    flags: "-",
    envoy_cluster_name: "binnacle_stub",
    listener: "http",
    host: "shop.example",
  });
  assert.deepEqual(relabel("request", "404 NR  http "), { code: "404", flags: "NR", listener: "http" });
});

test("and of a histogram's upstream and route", () => {
  assert.deepEqual(
    relabel("served_by", `east/team/cart/80 http ${envoyRouteName("shop.example", OWNER, "exact /a")}`),
    {
      envoy_cluster_name: "east/team/cart/80",
      backend: "east",
      upstream_namespace: "team",
      service: "cart",
      port: "80",
      listener: "http",
      host: "shop.example",
      route_kind: "Ingress",
      namespace: "team-shop",
      route_name: "shop",
      route: "exact /a",
    },
  );
});
