import assert from "node:assert/strict";
import { test } from "node:test";
import { objectFeed } from "../../src/main/object-feed.ts";
import { changesOf, settingsFor } from "../integration/support/gateway.ts";
import { ingress, service } from "../integration/support/manifests.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

const proxy = (namespace: string): string => `
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: { name: main, namespace: ${namespace} }
spec:
  virtualhost: { fqdn: blog.test }
  routes: [{ services: [{ name: a, port: 80 }] }]
`;

test("an object that comes after others is told with the host and who has it, once for each; what has an error, with its reason", () => {
  const controlPlane = controlPlaneForTests({
    translate: settingsFor(8080, 8443),
  });
  for (const text of [
    service("first", "a", [{ host: "10.0.0.1", port: 80 }]),
    service("second", "a", [{ host: "10.0.0.1", port: 80 }]),
    ingress("first", "shop", "shop.test", "a"),
    proxy("first"),
    ingress("second", "shop", "shop.test", "a"),
    proxy("second"),
    ingress("first", "copy", "shop.test", "a"),
    ingress("first", "lost", "lost.test", "nowhere"),
  ]) {
    controlPlane.store.apply(changesOf(text));
    controlPlane.translateNow();
  }
  const told = objectFeed(controlPlane)
    .problems()
    .map(({ kind, namespace, name, severity, reason, host, holder }) =>
      `${kind} ${namespace}/${name} ${severity} ${reason} ${host} ${holder}`.trim(),
    );
  assert.deepEqual(told.sort(), [
    "HTTPProxy second/main error DuplicateVhost blog.test HTTPProxy first/main",
    "Ingress first/copy warning PathTaken shop.test Ingress first/shop",
    "Ingress first/lost error ServiceNotFound",
    "Ingress second/shop error HostTaken shop.test Ingress first/shop",
  ]);
});
