import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepted, complaints } from "./complaints.ts";
import { formatRef } from "./ref.ts";
import { refOf } from "./resource.ts";
import { validate } from "./validate.ts";

const ingressSpec = "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}";

describe("documents that are no object of ours", () => {
  for (const [text, ...expected] of [
    ["[]", "found a list, expected an object with apiVersion, kind and metadata"],
    ["5", "found 5, expected an object with apiVersion, kind and metadata"],
    [
      "{}",
      "apiVersion: missing, expected a text such as networking.k8s.io/v1; add it",
      "kind: missing, expected a text such as Ingress; add it",
    ],
    ["kind: Ingress", "apiVersion: missing, expected a text such as networking.k8s.io/v1; add it"],
    ["{apiVersion: 1, kind: Service}", "apiVersion: found 1, expected a text such as networking.k8s.io/v1; add it"],
    ["{apiVersion: v1, kind: [Service]}", "kind: found a list, expected a text such as Ingress; add it"],
    ["{apiVersion: apps/v1, kind: Deployment}", "skipped Deployment"],
    ["{apiVersion: v1, kind: ConfigMap}", "skipped ConfigMap"],
    ["{apiVersion: v1, kind: ServiceAccount}", "skipped ServiceAccount"],
    ["{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy}", "skipped NetworkPolicy"],
    ["{apiVersion: serving.knative.dev/v1, kind: Service}", "skipped Service"],
    ["{apiVersion: config.openshift.io/v1, kind: Ingress}", "skipped Ingress"],
    ["{apiVersion: example.com/v1, kind: Ingres}", "skipped Ingres"],
    ["{apiVersion: networking.k8s.io/v1, kind: Ingres}", "kind: unknown kind Ingres; write Ingress"],
    ["{apiVersion: v1, kind: service}", "kind: unknown kind service; write Service"],
    ["{apiVersion: v1, kind: Endpoint}", "kind: unknown kind Endpoint; write Endpoints"],
    ["{apiVersion: v1, kind: Ingress}", "apiVersion: Ingress is not in v1; write networking.k8s.io/v1"],
    [
      "{apiVersion: networking.k8s.io/v2, kind: Ingress}",
      "apiVersion: Ingress is not in networking.k8s.io/v2; write networking.k8s.io/v1",
    ],
    [
      "{apiVersion: networking.k8s.oi/v1, kind: Ingress}",
      "apiVersion: Ingress is not in networking.k8s.oi/v1; write networking.k8s.io/v1",
    ],
    [
      "{apiVersion: networking.k8s.io/v1, kind: Service}",
      "apiVersion: Service is not in networking.k8s.io/v1; write v1",
    ],
    [
      "{apiVersion: extensions/v1beta1, kind: Ingress}",
      "apiVersion: extensions/v1beta1 of Ingress is no longer served by Kubernetes; write networking.k8s.io/v1 and move serviceName and servicePort of a backend to service.name and service.port, and add pathType",
    ],
    [
      "{apiVersion: networking.k8s.io/v1beta1, kind: IngressClass}",
      "apiVersion: networking.k8s.io/v1beta1 of IngressClass is no longer served by Kubernetes; write networking.k8s.io/v1",
    ],
    [
      "{apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSlice}",
      "apiVersion: discovery.k8s.io/v1beta1 of EndpointSlice is no longer served by Kubernetes; write discovery.k8s.io/v1 and move topology of an endpoint to nodeName and zone",
    ],
  ] as const) {
    test(text, () => assert.deepEqual(complaints(text), expected));
  }
});

describe("the reference of a refused object", () => {
  for (const [text, ref] of [
    [{ kind: "Ingress", metadata: { name: "a", namespace: "b" } }, "Ingress b/a"],
    [{ kind: "Ingress", metadata: { name: "a" } }, "Ingress default/a"],
    [{ kind: "Ingress", metadata: { name: "a", namespace: null } }, "Ingress default/a"],
    [{ kind: "IngressClass", metadata: { name: "a", namespace: "b" } }, "IngressClass a"],
    [{ kind: "Ingres", metadata: { name: "a" } }, "Ingress default/a"],
    [{ kind: "Ingress", metadata: { name: "A" } }, undefined],
    [{ kind: "Ingress", metadata: { name: "a/b" } }, undefined],
    [{ kind: "Ingress", metadata: { name: "a", namespace: "b/c" } }, undefined],
    [{ kind: "Ingress", metadata: { name: "a", namespace: 5 } }, undefined],
    [{ kind: "Ingress", metadata: [] }, undefined],
    [{ kind: "Ingress" }, undefined],
  ] as const) {
    test(JSON.stringify(text), () => {
      const validation = validate({ apiVersion: "networking.k8s.io/v1", ...text }, { unknownFields: "error" });
      assert.ok(validation.type === "refused");
      assert.equal(validation.ref && formatRef(validation.ref), ref);
    });
  }
});

describe("metadata", () => {
  for (const [metadata, ...expected] of [
    ["", "metadata: missing, expected a map; add it"],
    ["metadata: {}", "metadata.name: missing, expected a text; add it"],
    ["metadata: {name: ''}", "metadata.name: found an empty text, expected a DNS label"],
    ["metadata: {name: 5}", "metadata.name: found 5, expected a text; put it in quotes"],
    [
      "metadata: {name: a.b}",
      `metadata.name: found "a.b", expected a DNS label: letters a-z, digits and '-', with a letter or digit at both ends`,
    ],
    [
      `metadata: {name: ${"a".repeat(64)}}`,
      "metadata.name: found 64 characters, expected a DNS label of at most 63; shorten it",
    ],
    [
      "metadata: {generateName: web-}",
      "metadata.name: missing, expected a text; add it",
      "metadata.generateName: names are not generated here; give the object a name",
    ],
    ["metadata: {name: a, label: {a: b}}", "metadata.label: unknown field; write labels"],
    ["metadata: {name: a, labels: [a]}", "metadata.labels: found a list, expected a map"],
    ["metadata: {name: a, labels: {a: true}}", "metadata.labels.a: found true, expected a text; put it in quotes"],
    [
      "metadata: {name: a, labels: {a: 'b c'}}",
      `metadata.labels.a: found "b c", expected a label value: letters, digits, '-', '_' and '.', with a letter or digit at both ends`,
    ],
    [
      "metadata: {name: a, labels: {a/b/c: d}}",
      "metadata.labels[a/b/c]: as a key: found \"a/b/c\", expected 'name' or 'dns.prefix/name' with at most 63 characters in the name",
    ],
    ["metadata: {name: a, annotations: {a: 1}}", "metadata.annotations.a: found 1, expected a text; put it in quotes"],
    [
      "metadata: {name: a, namespace: Team}",
      `metadata.namespace: found "Team", expected a DNS label: letters a-z, digits and '-', with a letter or digit at both ends; write team`,
    ],
    [
      `metadata: {name: a, annotations: {a: ${"x".repeat(262_144)}}}`,
      "metadata.annotations: found 262145 bytes, expected at most 262144; move large values elsewhere",
    ],
    [
      "metadata: {name: a, creationTimestamp: 2026-13-01T00:00:00Z}",
      'metadata.creationTimestamp: found "2026-13-01T00:00:00Z", expected a time such as 2026-01-31T12:00:00Z',
    ],
  ] as const) {
    test(metadata.slice(0, 70), () => {
      assert.deepEqual(
        complaints(`{apiVersion: v1, kind: Namespace${metadata === "" ? "" : `, ${metadata}`}}`),
        expected,
      );
    });
  }
});

test("a namespace on a kind that has none is left out", () => {
  const namespace = accepted(
    "Namespace",
    "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}, spec: {finalizers: [kubernetes]}, status: {phase: Active}}",
  );
  assert.deepEqual(refOf(namespace), { kind: "Namespace", namespace: "", name: "a" });
  assert.deepEqual(Object.keys(namespace), ["apiVersion", "kind", "metadata"]);
});

test("the default namespace can be chosen", () => {
  const document = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } };
  const validation = validate(document, { unknownFields: "error", defaultNamespace: "team" });
  assert.ok(validation.type === "accepted");
  assert.equal(validation.object.metadata.namespace, "team");
});

describe("unknown fields as warnings", () => {
  test("are left out of the object", () => {
    const document = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "a", extra: 1 },
      spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } }, rule: [] },
    };
    const validation = validate(document, { unknownFields: "warn" });
    assert.ok(validation.type === "accepted");
    assert.deepEqual(Object.keys(validation.object.metadata), ["name", "namespace", "labels", "annotations"]);
    assert.deepEqual(
      validation.warnings.map(({ path, severity }) => `${severity} ${path}`),
      ["warning metadata.extra", "warning spec.rule"],
    );
    assert.equal(document.metadata.extra, 1, "the input is left as it is");
  });

  test("stay warnings beside errors", () => {
    assert.deepEqual(
      complaints(`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, x: 1}, spec: {}}`, "warn"),
      [
        "warning: metadata.x: unknown field; remove it",
        "spec.rules: missing, expected rules or a defaultBackend; add one",
      ],
    );
  });
});

describe("IngressClass", () => {
  const head = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: binnacle}\n";
  test("every v1 field is accepted", () => {
    const parameters = "{apiGroup: k8s.example.com, kind: Parameters, name: x, scope: Namespace, namespace: y}";
    assert.deepEqual(
      complaints(`${head}spec: {controller: binnacle.dev/ingress-controller, parameters: ${parameters}}`),
      [],
    );
  });
  for (const [spec, expected] of [
    ["{}", "spec.controller: missing, expected a text; add it"],
    [
      "{controller: binnacle}",
      'spec.controller: found "binnacle", expected a name with a domain such as binnacle.dev/ingress-controller',
    ],
    [
      "{controller: /x}",
      'spec.controller: found "/x", expected a name with a domain such as binnacle.dev/ingress-controller',
    ],
    [`{controller: a.b/${"x".repeat(250)}}`, "spec.controller: found 254 characters, expected at most 250; shorten it"],
    [
      "{controller: a.b/c, parameters: {kind: X, name: x, scope: Namespace}}",
      "spec.parameters.namespace: missing with scope Namespace; add it",
    ],
    [
      "{controller: a.b/c, parameters: {kind: X, name: x, namespace: y}}",
      "spec.parameters.namespace: not allowed with scope Cluster; remove it or use scope Namespace",
    ],
    ["{controller: a.b/c, parameters: {name: x}}", "spec.parameters.kind: missing, expected a text; add it"],
  ] as const) {
    test(spec.slice(0, 70), () => assert.deepEqual(complaints(`${head}spec: ${spec}`), [expected]));
  }
});

function withAnnotation(annotation: string): string {
  return `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {${annotation}}}, ${ingressSpec}}`;
}

test("an annotation of ours that cannot be read refuses the object, one of another controller does not", () => {
  assert.deepEqual(complaints(withAnnotation("binnacle.dev/ssl-redirect: 'yes'")), [
    'metadata.annotations[binnacle.dev/ssl-redirect]: found "yes", expected one of "true", "false"',
  ]);
  assert.deepEqual(complaints(withAnnotation("projectcontour.io/num-retries: many")), [
    'warning: metadata.annotations[projectcontour.io/num-retries]: found "many", expected a whole number from -1 to 4294967295; it is ignored',
  ]);
});
