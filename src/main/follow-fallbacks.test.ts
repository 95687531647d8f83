import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import type { Kind } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import type { Upstream } from "#traffic/table-rows.ts";
import { followFallbacks } from "./follow-fallbacks.ts";
import { controlPlaneForTests } from "./control-plane-for-tests.ts";

function made(kind: Kind, apiVersion: string, name: string, rest: object, metadata: object = {}): Resource {
  return accepted(
    kind,
    JSON.stringify({ apiVersion, kind, metadata: { name, namespace: "team", ...metadata }, ...rest }),
  );
}

/** A Service with one endpoint. */
function upstream(name: string, addressType: string, address: string): readonly Resource[] {
  const labels = { "kubernetes.io/service-name": name };
  const slice = { addressType, ports: [{ name: "http", port: 8080 }], endpoints: [{ addresses: [address] }] };
  return [
    made("Service", "v1", name, { spec: { ports: [{ name: "http", port: 80 }] } }),
    made("EndpointSlice", "discovery.k8s.io/v1", name, slice, { labels }),
  ];
}

function ingress(failover: string | undefined): Resource {
  const backend = { service: { name: "cart", port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  const annotations = failover === undefined ? {} : { "binnacle.dev/failover": failover };
  const spec = { rules: [{ host: "shop.test", http: { paths } }] };
  return made("Ingress", "networking.k8s.io/v1", "shop", { spec }, { annotations });
}

test("endpoints of those that take over are told by the addresses of log entries, as long as they do", () => {
  const controlPlane = controlPlaneForTests();
  const put = (...objects: readonly Resource[]): void => {
    controlPlane.store.apply(objects.map((object) => ({ type: "put", object, origin: { file: "f" } })));
    controlPlane.translateNow();
  };
  put(...upstream("cart", "IPv4", "10.0.0.1"), ...upstream("spare", "IPv4", "10.0.0.2"), ingress("cart > spare"));
  const fallbacks = new Map<string, ReadonlyMap<string, Upstream>>();
  const stop = followFallbacks({ fallbacks: { made: fallbacks } }, controlPlane);
  const told = () => [...fallbacks.values()].map((own) => [...own].map(([at, { service }]) => `${at} ${service}`));
  assert.deepEqual(told(), [["10.0.0.2:8080 spare"]]);
  put(...upstream("far", "IPv6", "2001:db8::1"), ingress("cart > far"));
  assert.deepEqual(told(), [["[2001:db8::1]:8080 far"]]);
  put(ingress(undefined));
  assert.deepEqual(told(), []);
  stop();
  put(ingress("cart > spare"));
  assert.deepEqual(told(), []);
});
