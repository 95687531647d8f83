import assert from "node:assert/strict";
import test from "node:test";
import { Gateway } from "./support/gateway.ts";
import { service } from "./support/manifests.ts";
import { Upstream } from "./support/upstream.ts";
import { until } from "./support/until.ts";

test("a route of an Ingress reaches its Service's endpoint", async () => {
  await using upstream = await Upstream.start({ respond: () => ({ body: "shop" }) });
  await using gateway = await Gateway.start();
  gateway.apply(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: team-shop }
spec:
  rules:
    - host: shop.test
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: shop, port: { name: http } } } }] }
---
${service("team-shop", "shop", [upstream])}`);
  await gateway.open();
  const answer = await until(() => gateway.get("shop.test", "/hello"), { accept: ({ status }) => status === 200 });
  assert.equal(answer.body, "shop");
  assert.equal((await gateway.get("other.test", "/")).status, 404);
});
