import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import type { Resource } from "#resources/resource.ts";
import { WantedSecrets } from "./wanted-secrets.ts";

const put = (object: Resource) => ({ type: "put", object, origin: { file: "a" } }) as const;

function proxy(spec: string): Resource {
  const metadata = "metadata: { name: shop, namespace: team }";
  return accepted("HTTPProxy", `{ apiVersion: projectcontour.io/v1, kind: HTTPProxy, ${metadata}, spec: ${spec} }`);
}

test("certificates are asked for as such, authorities and keys also as plain Secrets, where they live", () => {
  const wanted = new WantedSecrets();
  const all = proxy(`{
    virtualhost: {
      fqdn: shop.test,
      tls: { secretName: certs/shop, clientValidation: { caSecret: clients, crlSecret: revoked/list } },
      jwtProviders: [{ name: a, localJWKS: { secretName: keys, key: jwks } }],
    },
    routes: [{ services: [{ name: a, port: 80, validation: { caSecret: authorities/ours, subjectName: a.test } }] }],
  }`);
  assert.deepEqual([...wanted.note(put(all))].sort(), [
    "Opaque authorities",
    "Opaque revoked",
    "Opaque team",
    "kubernetes.io/tls authorities",
    "kubernetes.io/tls certs",
    "kubernetes.io/tls revoked",
    "kubernetes.io/tls team",
  ]);
  assert.equal(wanted.has("kubernetes.io/tls certs"), true);
  assert.equal(wanted.has("Opaque certs"), false);
});

test("an IngressRoute's are asked for, too", () => {
  const metadata = "metadata: { name: shop, namespace: team }";
  const spec = `{ virtualhost: { fqdn: shop.test, tls: { secretName: certs/shop } },
    routes: [{ match: /, services: [{ name: a, port: 80, validation: { caSecret: ours, subjectName: a.test } }] }],
    tcpproxy: { services: [{ name: a, port: 80, validation: { caSecret: theirs/ours, subjectName: a.test } }] } }`;
  const text = `{ apiVersion: contour.heptio.com/v1beta1, kind: IngressRoute, ${metadata}, spec: ${spec} }`;
  const groups = new WantedSecrets().note(put(accepted("IngressRoute", text)));
  assert.deepEqual([...groups].sort(), [
    "Opaque team",
    "Opaque theirs",
    "kubernetes.io/tls certs",
    "kubernetes.io/tls team",
    "kubernetes.io/tls theirs",
  ]);
});

test("an Ingress's where its annotation says", () => {
  const ingress = (annotations: string) => {
    const backend = "{ service: { name: a, port: { number: 80 } } }";
    const spec = `{ tls: [{ hosts: [a.test], secretName: shop }], defaultBackend: ${backend} }`;
    const metadata = `{ name: shop, namespace: team, annotations: ${annotations} }`;
    const text = `{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: ${metadata}, spec: ${spec} }`;
    return put(accepted("Ingress", text));
  };
  const wanted = new WantedSecrets();
  assert.deepEqual([...wanted.note(ingress("{}"))], ["kubernetes.io/tls team"]);
  const groups = wanted.note(ingress("{ projectcontour.io/tls-cert-namespace: certs }"));
  assert.deepEqual([...groups].sort(), ["kubernetes.io/tls certs", "kubernetes.io/tls team"]);
  assert.equal(wanted.has("kubernetes.io/tls team"), false);
});

test("what the configuration names is wanted, whoever refers to it", () => {
  const wanted = new WantedSecrets(["certs"]);
  assert.deepEqual([...wanted.always], ["kubernetes.io/tls certs"]);
  wanted.note(put(proxy("{ virtualhost: { fqdn: a.test, tls: { secretName: certs/shop } } }")));
  wanted.note({ type: "delete", ref: { kind: "HTTPProxy", namespace: "team", name: "shop" } });
  assert.equal(wanted.has("kubernetes.io/tls certs"), true);
  assert.equal(wanted.has("Opaque certs"), false);
});

test("what nobody refers to any more is not wanted; a refused object goes on with its Secrets", () => {
  const wanted = new WantedSecrets();
  const ref = { kind: "HTTPProxy", namespace: "team", name: "shop" } as const;
  wanted.note(put(proxy("{ virtualhost: { fqdn: a.test, tls: { secretName: certs/shop } } }")));
  assert.deepEqual([...wanted.note({ type: "refuse", ref, origin: { file: "a" }, problems: [] })], []);
  assert.equal(wanted.has("kubernetes.io/tls certs"), true);
  const groups = wanted.note(put(proxy("{ virtualhost: { fqdn: a.test, tls: { secretName: shop } } }")));
  assert.deepEqual([...groups].sort(), ["kubernetes.io/tls certs", "kubernetes.io/tls team"]);
  assert.equal(wanted.has("kubernetes.io/tls certs"), false);
  wanted.note({ type: "delete", ref });
  assert.equal(wanted.has("kubernetes.io/tls team"), false);
});

test("an object that is refused from the first on has the Secrets of the last good form of an earlier process", () => {
  const good = proxy("{ virtualhost: { fqdn: a.test, tls: { secretName: certs/shop } } }");
  const ref = { kind: "HTTPProxy", namespace: "team", name: "shop" } as const;
  const wanted = new WantedSecrets([], ({ name }) => (name === "shop" ? good : undefined));
  const refused = { type: "refuse", ref, origin: { file: "a" }, problems: [] } as const;
  assert.deepEqual([...wanted.note({ ...refused, ref: { ...ref, name: "other" } })], []);
  assert.deepEqual([...wanted.note(refused)], ["kubernetes.io/tls certs"]);
  assert.deepEqual([...wanted.note(refused)], []);
  assert.equal(wanted.has("kubernetes.io/tls certs"), true);
  wanted.note({ type: "delete", ref });
  assert.equal(wanted.has("kubernetes.io/tls certs"), false);
});
