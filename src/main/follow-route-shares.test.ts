import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "#resources/complaints.ts";
import type { Resource } from "#resources/resource.ts";
import { followRouteShares } from "./follow-route-shares.ts";
import { controlPlaneForTests } from "./control-plane-for-tests.ts";

function proxy(name: string, share: string | undefined): Resource {
  const annotations = share === undefined ? {} : { "binnacle.dev/access-log-share": share };
  const spec = { virtualhost: { fqdn: `${name}.test` }, routes: [{ directResponsePolicy: { statusCode: 204 } }] };
  const metadata = { name, namespace: "team", annotations };
  return accepted(
    "HTTPProxy",
    JSON.stringify({ apiVersion: "projectcontour.io/v1", kind: "HTTPProxy", metadata, spec }),
  );
}

test("routes that have a part of their requests logged are told by the entries' word for them, when they change", () => {
  const controlPlane = controlPlaneForTests();
  const put = (...objects: readonly Resource[]): void => {
    controlPlane.store.apply(objects.map((object) => ({ type: "put", object, origin: { file: "f" } })));
    controlPlane.translateNow();
  };
  put(proxy("some", "25"), proxy("all", undefined));
  const told: ReadonlyMap<string, number>[] = [];
  const stop = followRouteShares(
    {
      set routeShares(shares: ReadonlyMap<string, number>) {
        told.push(shares);
      },
    },
    controlPlane,
  );
  put(proxy("all", "100"));
  put(proxy("none", "0"));
  put(proxy("some", undefined));
  stop();
  put(proxy("none", undefined));
  const some = ["some.test/HTTPProxy/team/some/prefix /", 0.25] as const;
  const none = ["none.test/HTTPProxy/team/none/prefix /", 0] as const;
  assert.deepEqual(
    told.map((shares) => [...shares]),
    [[some], [some, none], [none]],
  );
});
