import assert from "node:assert/strict";
import { test } from "node:test";
import { GRPC_STATUSES } from "./grpc-status.ts";
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

test("and of gRPC's status the code that it is the same as", () => {
  const of = (key: string): readonly (string | undefined)[] => {
    const { code, grpc_status: grpc, flags } = relabel("request", `${key} local/team-shop/cart/80 http shop.example`);
    return [code, grpc, flags];
  };
  assert.deepEqual(of("200/- -"), ["200", undefined, "-"]);
  assert.deepEqual(of("200/0 -"), ["200", "0", "-"]);
  for (const [number, { code }] of GRPC_STATUSES.entries())
    assert.deepEqual(of(`200/${number} -`), [String(code), String(number), "-"]);
  assert.deepEqual(of("200/99 -"), ["500", "99", "-"]);
  assert.deepEqual(of("502/14 UF"), ["502", "14", "UF"]);
  for (const flags of ["DR", "DC", "DC,UT", "UPE,DR"]) assert.deepEqual(of(`200/2 ${flags}`), ["200", "2", flags]);
  assert.deepEqual(of("200/2 DRX"), ["500", "2", "DRX"]);
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
