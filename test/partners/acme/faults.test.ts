import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type AcmeChallenge, acmeState } from "#resources/acme.ts";
import { certificateAuthority } from "../../integration/support/certificate.ts";
import { together } from "../../integration/support/manifests.ts";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { AcmeBed, asking } from "./support/acme-bed.ts";

const SHOP = { kind: "Ingress", namespace: "team", name: "shop" } as const;
const LAST_WORDS = /^error CertificateOrderFailed: no good certificate came from the ACME server: /;

/** Empty: there is none. */
function failureOf(bed: AcmeBed): string {
  return bed.status(SHOP).find((text) => LAST_WORDS.test(text)) ?? "";
}

test("a server that refuses a third of all nonces", async () => {
  await using bed = await AcmeBed.start({ badNonces: 33 });
  const names = ["one", "two", "three"];
  bed.gateway.apply(together(...names.map((name) => asking(name, [`${name}.test`], `${name}-tls`))));
  await bed.gateway.open();
  for (const name of names) await until(() => bed.peer(`${name}.test`), { what: `${name}'s certificate` });
});

test("a server that is away: it is told, and the certificate comes when the server does", async () => {
  await using bed = await AcmeBed.start({ away: true });
  bed.gateway.apply(asking("shop", ["shop.test"], "shop-tls"));
  await bed.gateway.open();
  const words = await until(() => failureOf(bed), { what: "the failure to be told" });
  assert.match(words, /gives no answer .*ECONNREFUSED.*the hosts are not served over TLS, and the next try is at 20/);
  assert.ok((await bed.orders("unreachable")) > 0);
  await bed.pebble.run();
  await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
  await until(() => failureOf(bed) === "", { what: "the failure to be over" });
});

test("a server whose certificate is of another authority gets nothing from us", async () => {
  await using directory = await temporaryDirectory();
  const caFile = join(directory.path, "other.pem");
  await writeFile(caFile, certificateAuthority("another").cert);
  await using bed = await AcmeBed.start({ settings: { caFile } });
  bed.gateway.apply(asking("shop", ["shop.test"], "shop-tls"));
  await bed.gateway.open();
  const words = await until(() => failureOf(bed), { what: "the failure to be told" });
  assert.match(words, /is not of an authority that is known/);
  assert.ok((await bed.orders("untrusted")) > 0);
});

test("a host that does not lead here: the server's words; others are served meanwhile, and it is once it does", async () => {
  await using bed = await AcmeBed.start();
  await bed.dns.zone(["shop A 127.0.0.9", "blog A 127.0.0.1"]);
  bed.gateway.apply(together(asking("shop", ["shop.test"], "shop-tls"), asking("blog", ["blog.test"], "blog-tls")));
  await bed.gateway.open();
  await until(() => bed.peer("blog.test"), { what: "the other host's certificate" });
  const words = await until(() => failureOf(bed), { what: "the failure to be told" });
  assert.match(words, /shop\.test: .*127\.0\.0\.9/);
  assert.ok((await bed.orders("challenge")) > 0);
  await bed.dns.zone(["shop A 127.0.0.1", "blog A 127.0.0.1"]);
  await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
});

test(
  "a stop in the middle of an order: the answer was at its host alone; the next start orders anew from the same account",
  {
    timeout: 25_000,
  },
  async () => {
    await using bed = await AcmeBed.start();
    const manifests = together(asking("blog", ["blog.test"], "blog-tls"), asking("shop", ["shop.test"], "shop-tls"));
    bed.gateway.apply(asking("blog", ["blog.test"], "blog-tls"));
    await bed.gateway.open();
    await until(() => bed.peer("blog.test"), { what: "the first certificate" });
    const key = await accountKeys(bed);
    // Pebble asks where the host is, and gets no answer: the order stays open.
    await bed.dns.freeze();
    bed.gateway.apply(manifests);
    const challenge = await until(() => openChallenge(bed), { what: "the challenge" });
    assert.ok(challenge);
    const { token, content } = challenge;
    await bed.gateway.settled();
    const path = `/.well-known/acme-challenge/${token}`;
    const { status, body } = await bed.gateway.get("shop.test", path);
    assert.deepEqual({ status, body }, { status: 200, body: content });
    assert.equal((await bed.gateway.get("shop.test", `${path}x`)).status, 308);
    assert.equal((await bed.gateway.get("blog.test", path)).status, 308);
    assert.equal((await bed.gateway.get("other.test", path)).status, 404);

    await bed.stopOrdering();
    await bed.gateway.restartControlPlane();
    bed.dns.thaw();
    await bed.order();
    bed.gateway.apply(manifests);
    await bed.gateway.open();
    await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
    await bed.gateway.settled();
    assert.equal((await bed.gateway.get("shop.test", path)).status, 308);
    assert.deepEqual(await accountKeys(bed), key);
    assert.equal(await bed.orders("issued"), 1);
  },
);

test("a server that forgot its accounts: the next order registers again, and the last certificate serves on", async () => {
  await using bed = await AcmeBed.start();
  bed.gateway.apply(asking("blog", ["blog.test"], "blog-tls"));
  await bed.gateway.open();
  const before = await until(() => bed.peer("blog.test"), { what: "the first certificate" });
  const root = await bed.pebble.root();
  await bed.pebble.kill();
  await bed.pebble.run();
  assert.notEqual(await bed.pebble.root(), root);
  bed.gateway.apply(asking("shop", ["shop.test"], "shop-tls"));
  await until(() => bed.peer("shop.test"), { what: "the certificate to be served" });
  assert.equal(await bed.gateway.certificateSerial("blog.test"), before.serialNumber);
});

function openChallenge({ gateway }: AcmeBed): AcmeChallenge | undefined {
  const secret = gateway.controlPlane.store.get("Secret", "team", "shop-tls");
  return secret === undefined ? undefined : acmeState(secret.object.metadata)?.challenges[0];
}

async function accountKeys(bed: AcmeBed): Promise<readonly string[]> {
  const folder = join(bed.stateDirectory, "acme", "accounts");
  return await Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name), "utf8")));
}
