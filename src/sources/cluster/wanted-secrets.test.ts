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
    routes: [{ match: /, services: [{ name: a, port: 80, validation: { caSecret: ours, subjectName: a.test } }] }] }`;
  const text = `{ apiVersion: contour.heptio.com/v1beta1, kind: IngressRoute, ${metadata}, spec: ${spec} }`;
  const groups = new WantedSecrets().note(put(accepted("IngressRoute", text)));
  assert.deepEqual([...groups].sort(), ["Opaque team", "kubernetes.io/tls certs", "kubernetes.io/tls team"]);
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
