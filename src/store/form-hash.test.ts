import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import type { Resource } from "#resources/resource.ts";
import { formHash } from "./form-hash.ts";

const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop, labels: {a: "1", b: "2"}, annotations: {x: "1", y: "2"}}
spec: {rules: [{host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}}]}
`;

function hashOf(kind: Resource["kind"], text: string): string {
  return formHash(accepted(kind, text));
}

test("the order in which an object's fields, labels and annotations are written says nothing", () => {
  const shuffled = `kind: Ingress
spec: {rules: [{http: {paths: [{backend: {service: {port: {number: 80}, name: shop}}, pathType: Prefix, path: /}]}, host: shop.example}]}
metadata: {annotations: {y: "2", x: "1"}, namespace: team-shop, labels: {b: "2", a: "1"}, name: shop}
apiVersion: networking.k8s.io/v1
`;
  assert.equal(hashOf("Ingress", shuffled), hashOf("Ingress", INGRESS));
});

test("what an API server notes of an object by itself says nothing", () => {
  const served = INGRESS.replace(
    "{name:",
    "{uid: u-1, resourceVersion: '7', generation: 3, managedFields: [{}], name:",
  );
  assert.equal(hashOf("Ingress", `${served}status: {loadBalancer: {}}\n`), hashOf("Ingress", INGRESS));
});

for (const [what, from, to] of [
  ["name", "name: shop, namespace", "name: blog, namespace"],
  ["namespace", "namespace: team-shop", "namespace: team-blog"],
  ["label", 'a: "1"', 'a: "3"'],
  ["label's name", 'a: "1"', 'c: "1"'],
  ["annotation", 'x: "1"', 'x: "3"'],
  ["age", "{name: shop,", "{creationTimestamp: 2026-01-31T12:00:00Z, name: shop,"],
  ["route", "path: /,", "path: /cart,"],
] as const) {
  test(`another ${what} is another form`, () => {
    assert.notEqual(INGRESS.replace(from, to), INGRESS);
    assert.notEqual(hashOf("Ingress", INGRESS.replace(from, to)), hashOf("Ingress", INGRESS));
  });
}

test("labels and annotations are told apart", () => {
  const service = (metadata: string): string =>
    `{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b, ${metadata}}, spec: {ports: [{port: 80}]}}`;
  assert.notEqual(hashOf("Service", service('labels: {x: "1"}')), hashOf("Service", service('annotations: {x: "1"}')));
});
