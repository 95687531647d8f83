import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { together } from "../../integration/support/manifests.ts";
import { until } from "../../integration/support/until.ts";
import { AcmeBed, asking } from "./support/acme-bed.ts";

const SHOP = { kind: "Ingress", namespace: "team", name: "shop" } as const;

test("a certificate is ordered, served with its chain, kept, and used again after a restart", async () => {
  await using bed = await AcmeBed.start();
  const { gateway } = bed;
  gateway.apply(together(asking("shop", ["shop.test", "www.shop.test"], "shop-tls"), asking("blog", ["blog.test"])));
  await gateway.open();
  const first = await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
  assert.deepEqual(first.subjectaltname?.split(", ").sort(), ["DNS:shop.test", "DNS:www.shop.test"]);
  assert.equal((await bed.peer("www.shop.test")).serialNumber, first.serialNumber);
  const unnamed = await until(() => bed.peer("blog.test"), { what: "the entry without a Secret to be served" });
  assert.equal(unnamed.subjectaltname, "DNS:blog.test");
  await gateway.settled();
  assert.deepEqual(
    bed.status(SHOP).filter((text) => /ACME|Certificate|Secret/.test(text)),
    [],
  );
  assert.equal(await bed.orders("issued"), 2);

  // Nothing of the order is left: the path is redirected like any other.
  const { status } = await gateway.get("shop.test", "/.well-known/acme-challenge/anything");
  assert.equal(status, 308);
  const secrets = gateway.controlPlane.store.states().filter(({ ref }) => ref.kind === "Secret");
  assert.ok(
    secrets.every(({ inUse }) => JSON.stringify(inUse?.object.metadata.annotations).includes('challenges\\":[]')),
  );

  const folder = join(bed.stateDirectory, "acme");
  for (const path of await readdir(folder, { recursive: true })) {
    const { mode } = await stat(join(folder, path));
    assert.equal(mode & 0o077, 0, `${path} can be read by others`);
  }

  await bed.stopOrdering();
  await gateway.restartControlPlane();
  await bed.order();
  gateway.apply(together(asking("shop", ["shop.test", "www.shop.test"], "shop-tls"), asking("blog", ["blog.test"])));
  await gateway.open();
  assert.equal((await until(() => bed.peer("shop.test"))).serialNumber, first.serialNumber);
  assert.equal(await bed.orders("issued"), 0);
});

test("a Secret of somebody's own is left alone, and takes the place of an ordered one", async () => {
  await using bed = await AcmeBed.start();
  bed.gateway.apply(asking("shop", ["shop.test"], "shop-tls"));
  await bed.gateway.open();
  await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
  bed.gateway.apply(
    JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "shop-tls", namespace: "team" },
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": "own", "tls.key": "own" },
    }),
  );
  await bed.gateway.settled();
  assert.match(bed.status(SHOP).join("\n"), /SecretNotValid/);
  // It is taken away again: what was ordered is still there.
  bed.gateway.delete({ kind: "Secret", namespace: "team", name: "shop-tls" });
  await until(() => bed.peer("shop.test"), { what: "the ordered certificate to be served again" });
  assert.equal(await bed.orders("issued"), 1);
});

test("a short-lived certificate is renewed before its end, and each handshake meanwhile gets a valid one", async () => {
  await using bed = await AcmeBed.start({ briefly: 9, settings: { profile: "brief" } });
  bed.gateway.apply(asking("shop", ["shop.test"], "shop-tls"));
  await bed.gateway.open();
  const first = await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
  const failed: string[] = [];
  const next = await until(
    () =>
      bed.peer("shop.test").catch((error: unknown) => {
        failed.push(String(error));
        throw error;
      }),
    { what: "the next certificate", accept: ({ serialNumber }) => serialNumber !== first.serialNumber },
  );
  assert.deepEqual(failed, []);
  assert.ok(Date.parse(next.valid_from) < Date.parse(first.valid_to));
});

test("an HTTPProxy asks as well; that its host is closed to the ACME server's address does not matter", async () => {
  await using bed = await AcmeBed.start();
  bed.gateway.apply(`
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: { name: shop, namespace: team, annotations: { binnacle.dev/acme: "true" } }
spec:
  virtualhost:
    fqdn: shop.test
    tls: { secretName: shop-tls }
    ipAllowPolicy: [{ source: Peer, cidr: 10.0.0.0/8 }]
  routes: [{ directResponsePolicy: { statusCode: 200, body: hello } }]
`);
  await bed.gateway.open();
  assert.equal((await until(() => bed.peer("shop.test"))).subjectaltname, "DNS:shop.test");
  assert.equal((await bed.gateway.getTls("shop.test", "/")).status, 403);
});
