import assert from "node:assert/strict";
import { test } from "node:test";
import { Fallbacks } from "./fallbacks.ts";

test("whose an endpoint is, is known of clusters, too, that no Envoy which can be asked uses", () => {
  const upstream = (service: string) => ({ backend: "local", namespace: "team-shop", service, port: 80 });
  const asked = new Map([["cart 10.0.0.3:80", upstream("other")]]);
  const fallbacks = new Fallbacks({ fallbackOf: (cluster, address) => asked.get(`${cluster} ${address}`) });
  fallbacks.made.set(
    "cart",
    new Map([
      ["10.0.0.2:80", upstream("spare")],
      ["10.0.0.3:80", upstream("spare")],
    ]),
  );
  const had = (endpoint: string | undefined) => fallbacks.of({ cluster: "cart", endpoint })?.service;
  assert.deepEqual(["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", undefined].map(had), [
    undefined,
    "spare",
    "other",
    undefined,
  ]);
  assert.equal(fallbacks.of({ cluster: "shop", endpoint: "10.0.0.2:80" }), undefined);
});
