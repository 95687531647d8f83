import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Problem } from "#lib/problem.ts";
import { silentLogger } from "#lib/log.ts";
import { SqliteArchive } from "#store/sqlite-archive.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { Upstream } from "./support/upstream.ts";

const WRONG: Problem = { severity: "error", path: "spec.rules", message: "not what it should be" };
const SHOP = { kind: "Ingress", namespace: "team", name: "shop" } as const;

/** What a source says of a document that it cannot use. */
function refuse(gateway: Gateway): void {
  gateway.controlPlane.store.apply([{ type: "refuse", ref: SHOP, origin: { file: "shop.yaml" }, problems: [WRONG] }]);
}

suite("the last good form", () => {
  test("goes on when the object becomes invalid, over a restart of the control plane, until it is right again", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await Upstream.start();
    const archive = new SqliteArchive(join(directory.path, "archive.sqlite"), silentLogger);
    await using gateway = await Gateway.start({ archive });
    const others = together(service("team", "shop", [upstream]), ingress("team", "other", "other.test", "shop"));
    gateway.apply(together(ingress("team", "shop", "shop.test", "shop", { path: "/good" }), others));
    await gateway.open();
    refuse(gateway);
    await gateway.settled();
    assert.equal((await gateway.get("shop.test", "/good")).status, 200);
    assert.equal(gateway.controlPlane.store.state(SHOP)?.refused?.problems[0]?.message, WRONG.message);

    await gateway.restartControlPlane();
    gateway.apply(others);
    refuse(gateway);
    await gateway.open();
    assert.equal((await gateway.get("shop.test", "/good")).status, 200);

    gateway.apply(ingress("team", "shop", "shop.test", "shop", { path: "/better" }));
    await gateway.settled();
    assert.deepEqual(
      [(await gateway.get("shop.test", "/good")).status, (await gateway.get("shop.test", "/better")).status],
      [404, 200],
    );
    archive.close();
  });

  test("is not for a missing reference: that path answers 503 at once, and works when the Service is back", async () => {
    await using upstream = await Upstream.start();
    await using gateway = await Gateway.start();
    const shop = service("team", "shop", [upstream]);
    gateway.apply(together(ingress("team", "shop", "shop.test", "shop"), shop));
    await gateway.open();
    gateway.delete({ kind: "Service", namespace: "team", name: "shop" });
    await gateway.settled();
    assert.equal((await gateway.get("shop.test", "/")).status, 503);
    gateway.apply(shop);
    await gateway.settled();
    assert.equal((await gateway.get("shop.test", "/")).status, 200);
  });

  test("ends with its object, and where the namespace wants none", async () => {
    await using upstream = await Upstream.start();
    await using gateway = await Gateway.start();
    gateway.apply(together(ingress("team", "shop", "shop.test", "shop"), service("team", "shop", [upstream])));
    await gateway.open();
    refuse(gateway);
    gateway.apply(
      `{ apiVersion: v1, kind: Namespace, metadata: { name: team, annotations: { binnacle.dev/last-good: "off" } } }`,
    );
    await gateway.settled();
    assert.equal((await gateway.get("shop.test", "/")).status, 404);
    gateway.apply(`{ apiVersion: v1, kind: Namespace, metadata: { name: team } }`);
    await gateway.settled();
    assert.equal((await gateway.get("shop.test", "/")).status, 200);
    gateway.delete(SHOP);
    await gateway.settled();
    assert.equal((await gateway.get("shop.test", "/")).status, 404);
  });
});
