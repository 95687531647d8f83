import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "#resources/validate.ts";
import { controlPlaneForTests } from "./main/control-plane-for-tests.ts";

test("a form that goes on because the next one is known to be refused is not accepted before Envoy took it", () => {
  const plane = controlPlaneForTests({
    now: () => 0,
  });
  const ref = { kind: "Ingress", namespace: "team", name: "shop" } as const;
  const put = (path: string): void => {
    const paths = [{ path, pathType: "Prefix", backend: { service: { name: "shop", port: { number: 80 } } } }];
    const checked = validate(
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { name: "shop", namespace: "team" },
        spec: { rules: [{ host: "shop.test", http: { paths } }] },
      },
      { unknownFields: "error" },
    );
    assert.ok(checked.type === "accepted");
    plane.store.apply([{ type: "put", object: checked.object, origin: { file: "a.yaml" } }]);
    plane.translateNow();
  };
  plane.open();
  put("/first");
  // As a stream does it whose client has refused the same before: at once, while the snapshot changes.
  let refusals = 0;
  plane.snapshot.listen({
    changed: (names) => {
      for (const { type, name } of names) {
        const resource = plane.snapshot.get(type, name);
        if (type !== "virtualHost" || resource?.bytes.includes("/refused") !== true) continue;
        refusals += 1;
        plane.snapshot.refuse(resource, "no");
      }
    },
  });
  put("/refused");
  assert.equal(refusals, 1);
  const inUse = plane.store.get("Ingress", "team", "shop")?.object.spec.rules[0]?.http?.paths[0]?.path;
  assert.equal(inUse, "/first");
  assert.equal(plane.store.state(ref)?.acceptedHash, undefined);
  plane.translateNow();
  for (const type of ["cluster", "endpoints", "routeTable", "virtualHost", "listener"] as const) {
    for (const name of plane.snapshot.names(type)) plane.snapshot.acknowledge(plane.snapshot.get(type, name)!);
  }
  assert.equal(plane.store.state(ref)?.acceptedHash, plane.store.state(ref)?.inUse?.hash);
});
