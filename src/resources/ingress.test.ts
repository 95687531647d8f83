import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepted, complaints } from "./complaints.ts";

const head = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team-shop}
`;

function withPath(path: string): string {
  return `${head}spec: {rules: [{host: shop.example.com, http: {paths: [${path}]}}]}`;
}

const backend = "backend: {service: {name: web, port: {number: 80}}}";

test("every v1 field is accepted, and status and what servers set is left out", () => {
  const ingress = accepted(
    "Ingress",
    `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: team-shop
  labels: {app: shop}
  annotations: {kubernetes.io/ingress.class: binnacle}
  creationTimestamp: "2026-01-31T12:00:00Z"
  uid: 0b9f
  resourceVersion: "41"
  generation: 3
  finalizers: [x.example.com/y]
  ownerReferences: [{kind: App}]
  managedFields: [{manager: kubectl}]
spec:
  ingressClassName: binnacle
  defaultBackend: {resource: {apiGroup: k8s.example.com, kind: StorageBucket, name: static}}
  tls:
  - hosts: [shop.example.com, "*.shop.example.com"]
    secretName: shop-tls
  - {}
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /x%20y, pathType: Exact, backend: {service: {name: web, port: {name: http}}}}
      - {pathType: ImplementationSpecific, backend: {service: {name: web, port: {name: http}}}}
  - host: "*.shop.example.com"
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
`,
  );
  assert.deepEqual(Object.keys(ingress), ["apiVersion", "kind", "metadata", "spec"]);
  assert.deepEqual(ingress.metadata, {
    name: "shop",
    namespace: "team-shop",
    labels: { app: "shop" },
    annotations: { "kubernetes.io/ingress.class": "binnacle" },
    creationTimestamp: "2026-01-31T12:00:00Z",
    uid: "0b9f",
    resourceVersion: "41",
    generation: 3,
  });
  assert.deepEqual(ingress.spec.tls[1], { hosts: [] });
  assert.deepEqual(ingress.spec.rules[1], { host: "*.shop.example.com" });
  assert.equal(ingress.spec.rules[0]?.http?.paths[2]?.path, "");
});

describe("paths that are refused", () => {
  const path = "spec.rules[0].http.paths[0]";
  for (const [fields, expected] of [
    [
      `path: /a, ${backend}`,
      `${path}.pathType: missing, expected one of Exact, Prefix, ImplementationSpecific; add it`,
    ],
    [
      `path: /a, pathType: prefix, ${backend}`,
      `${path}.pathType: found the text "prefix", expected one of Exact, Prefix, ImplementationSpecific; write Prefix`,
    ],
    [
      `path: a, pathType: Prefix, ${backend}`,
      `${path}.path: found the text "a", expected a path that starts with /; write /a`,
    ],
    [
      `path: a, pathType: ImplementationSpecific, ${backend}`,
      `${path}.path: found the text "a", expected a path that starts with /; write /a`,
    ],
    [`pathType: Exact, ${backend}`, `${path}.path: missing, expected a path that starts with /; add it`],
    [`path: 5, pathType: Exact, ${backend}`, `${path}.path: found 5, expected a text; put it in quotes`],
    [`path: /a//b, pathType: Exact, ${backend}`, `${path}.path: found the text "/a//b", expected a path without //`],
    [
      `path: /a/../b, pathType: Prefix, ${backend}`,
      `${path}.path: found the text "/a/../b", expected a path without /../`,
    ],
    [`path: /a/.., pathType: Prefix, ${backend}`, `${path}.path: found the text "/a/..", expected a path without /..`],
    [
      `path: /a%2fb, pathType: Prefix, ${backend}`,
      `${path}.path: found the text "/a%2fb", expected a path without %2f`,
    ],
    ["path: /a, pathType: Prefix", `${path}.backend: missing, expected a map; add it`],
    [
      "path: /a, pathType: Prefix, backend: {}",
      `${path}.backend: found neither service nor resource, expected one; add service`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web}}",
      `${path}.backend.service.port: missing, expected a map; add it`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web, port: 80}}",
      `${path}.backend.service.port: found 80, expected a map`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web, port: {}}}",
      `${path}.backend.service.port: found neither name nor number, expected one; add number`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web, port: {name: http, number: 80}}}",
      `${path}.backend.service.port: found both name and number, expected one; remove one`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 0}}}",
      `${path}.backend.service.port.number: found 0, expected at least 1`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 65536}}}",
      `${path}.backend.service.port.number: found 65536, expected at most 65535`,
    ],
    [
      'path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: "80"}}}',
      `${path}.backend.service.port.number: found the text "80", expected a number; remove the quotes`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80.5}}}",
      `${path}.backend.service.port.number: found 80.5, expected a whole number`,
    ],
    [
      'path: /a, pathType: Prefix, backend: {service: {name: web, port: {name: "80"}}}',
      `${path}.backend.service.port.name: found the text "80", expected a port's name or a number; remove the quotes`,
    ],
    [
      "path: /a, pathType: Prefix, backend: {service: {name: My_Web, port: {number: 80}}}",
      `${path}.backend.service.name: found "My_Web", expected a DNS label: letters a-z, digits and '-', with a letter or digit at both ends; write my-web`,
    ],
    [`path: /a, pathtype: Prefix, ${backend}`, `${path}.pathtype: unknown field; write pathType`],
    [
      "path: /a, pathType: Prefix, backend: {serviceName: web, servicePort: 80}",
      `${path}.backend.serviceName: unknown field; write service`,
    ],
  ] as const) {
    test(fields, () =>
      assert.ok(complaints(withPath(`{${fields}}`)).includes(expected), complaints(withPath(`{${fields}}`)).join("\n")),
    );
  }
});

describe("hosts that are refused", () => {
  for (const [host, expected] of [
    ["192.0.2.1", /found the address/],
    ['"2001:db8::1"', /found the address/],
    ["shop.example.com:8080", /with a port.*remove the port/],
    ["https://shop.example.com", /expected a host name/],
    ["Shop.Example.com", /write shop\.example\.com/],
    ['"*"', /wildcard stands for one whole first label.*\*\.example\.com/],
    ['"*.*.example.com"', /wildcard/],
    ["shop.*.com", /wildcard/],
    ['"*shop.example.com"', /wildcard/],
    ["-shop.example.com", /letter or digit at both ends/],
    ["shop..example.com", /expected a host name/],
    ["shop.example.com.", /expected a host name/],
    ["sh_op.example.com", /write sh-op\.example\.com/],
    ['"*."', /expected a host name/],
    ["5", /found 5, expected a text; put it in quotes/],
    [`${"a.".repeat(127)}com`, /257 characters/],
  ] as const) {
    test(host, () => {
      const [rule, tls] = complaints(`${head}spec: {rules: [{host: ${host}}], tls: [{hosts: [${host}]}]}`);
      assert.match(rule ?? "", /^spec\.rules\[0\]\.host: /);
      assert.match(rule ?? "", expected);
      assert.match(tls ?? "", /^spec\.tls\[0\]\.hosts\[0\]: /);
    });
  }
});

test("an empty host is a rule for every host", () => {
  assert.equal(accepted("Ingress", `${head}spec: {rules: [{host: ""}]}`).spec.rules[0]?.host, "");
});

for (const [spec, expected] of [
  ["", "spec: missing, expected a map; add it"],
  ["spec: {}", "spec.rules: missing, expected rules or a defaultBackend; add one"],
  ["spec: {rules: []}", "spec.rules: missing, expected rules or a defaultBackend; add one"],
  ["spec: {rules: [{http: {paths: []}}]}", "spec.rules[0].http.paths: found 0 items, expected at least 1"],
  ["spec: {rules: {host: x}}", "spec.rules: found a map, expected a list"],
  ["spec: {rules: [null]}", "spec.rules[0]: found null, expected a map"],
  ["spec: [rules]", "spec: found a list, expected a map"],
  ["spec: {ingressClass: x, rules: [{}]}", "spec.ingressClass: unknown field; write ingressClassName"],
  ["spec: {rules: [{}], tls: [{secretName: A}]}", /^spec\.tls\[0\]\.secretName: found "A".*; write a$/],
] as const) {
  test(spec === "" ? "no spec at all" : spec, () => {
    const found = complaints(head + spec);
    if (typeof expected === "string") assert.deepEqual(found, [expected]);
    else assert.match(found.join("\n"), expected);
  });
}

test("all that is wrong with an object is told at once", () => {
  assert.deepEqual(
    complaints(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: Shop, labels: {a: 1, "b c": x}, creationTimestamp: yesterday}
spec:
  rules:
  - host: shop
    http:
      paths:
      - {path: a, backend: {service: {name: 5, port: {}}}}
      - {path: /b, pathType: Regex, backend: {}}
  annotations: {}
`).map((line) => line.split(": ")[0]),
    [
      "metadata.name",
      "metadata.labels.a",
      "metadata.labels[b c]",
      "metadata.creationTimestamp",
      "spec.rules[0].http.paths[0].pathType",
      "spec.rules[0].http.paths[0].backend.service.name",
      "spec.rules[0].http.paths[0].backend.service.port",
      "spec.rules[0].http.paths[0].path",
      "spec.rules[0].http.paths[1].pathType",
      "spec.rules[0].http.paths[1].backend",
      "spec.annotations",
    ],
  );
});
