import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import { SqliteArchive } from "#store/sqlite-archive.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { Gateway } from "./support/gateway.ts";
import { HandshakeLoad } from "./support/handshake-load.ts";
import { handshake } from "./support/handshake.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const authority = certificateAuthority();
const CERT = { kind: "Secret", namespace: "team", name: "cert" } as const;

const pair = authority.issue(["shop.test"]);
const secret = (): string => tlsSecret("team", "cert", pair);
const shop = ingress("team", "shop", "shop.test", "shop", { secret: "cert" });

function lent(targets: string): string {
  return `
apiVersion: projectcontour.io/v1
kind: TLSCertificateDelegation
metadata: { name: cert, namespace: team }
spec: { delegations: [{ secretName: cert, targetNamespaces: [${targets}] }] }
---
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: { name: lent, namespace: other }
spec:
  virtualhost: { fqdn: lent.test, tls: { secretName: team/cert } }
  routes: [{ directResponsePolicy: { statusCode: 200 } }]
`;
}

const name = async (gateway: Gateway, servername: string): Promise<string> => {
  const found = await handshake(gateway.httpsPort, { servername });
  return "name" in found ? found.name : "none";
};

suite("the last pair of a Secret that is gone, or spoiled", () => {
  test("serves on under load without a handshake lost, over a restart, until the Secret is back", async () => {
    await using directory = await temporaryDirectory();
    await using upstream = await Upstream.start();
    const archive = new SqliteArchive(join(directory.path, "archive.sqlite"), silentLogger);
    await using gateway = await Gateway.start({ archive });
    const others = together(shop, service("team", "shop", [upstream]));
    gateway.apply(together(secret(), others));
    await gateway.open();
    const serial = await gateway.certificateSerial("shop.test");
    await using load = new HandshakeLoad({ port: gateway.httpsPort, servername: "shop.test", ca: authority.cert });
    await load.more(5);
    gateway.delete(CERT);
    await gateway.settled();
    gateway.apply(tlsSecret("team", "cert", { cert: pair.cert, key: authority.issue(["shop.test"]).key }));
    await gateway.settled();
    gateway.delete(CERT);
    await gateway.settled();
    await load.more(20);
    assert.deepEqual(Object.keys(await load.end()), [serial]);
    const ref = { kind: "Ingress", namespace: "team", name: "shop" } as const;
    const said = (): readonly string[] =>
      gateway.controlPlane.translator.verdicts(ref).map(({ severity, reason }) => `${severity} ${reason}`);
    assert.deepEqual(said(), ["warning SecretNotFound"]);

    await gateway.restartControlPlane();
    gateway.apply(others);
    await gateway.open();
    assert.equal((await gateway.getTls("shop.test", "/", { ca: authority.cert })).status, 200);
    assert.equal(await gateway.certificateSerial("shop.test"), serial);
    assert.deepEqual(said(), ["warning SecretNotFound"]);

    gateway.apply(tlsSecret("team", "cert", authority.issue(["shop.test"])));
    await gateway.settled();
    await until(() => gateway.certificateSerial("shop.test"), {
      accept: (now) => now !== serial,
      what: "the new certificate",
    });
    assert.deepEqual(said(), []);
    archive.close();
  });

  test("is not for a permission withdrawn, a host that names it no more, and a Secret that never was", async () => {
    await using upstream = await Upstream.start();
    await using gateway = await Gateway.start();
    gateway.apply(together(secret(), lent("other"), shop, service("team", "shop", [upstream])));
    gateway.apply(ingress("team", "never", "never.test", "shop", { secret: "never" }));
    await gateway.open();
    gateway.delete(CERT);
    await gateway.settled();
    assert.equal(await name(gateway, "lent.test"), "shop.test");
    assert.equal(await name(gateway, "never.test"), "none");

    gateway.apply(lent("nobody"));
    await gateway.settled();
    await until(() => name(gateway, "lent.test"), { accept: (found) => found === "none", what: "no certificate" });
    assert.equal(await name(gateway, "shop.test"), "shop.test");

    gateway.apply(ingress("team", "shop", "shop.test", "shop"));
    await gateway.settled();
    await until(() => name(gateway, "shop.test"), { accept: (found) => found === "none", what: "no certificate" });
    gateway.apply(shop);
    gateway.apply(lent("other"));
    await gateway.settled();
    assert.deepEqual([await name(gateway, "shop.test"), await name(gateway, "lent.test")], ["none", "none"]);
  });

  test("goes on past its expiry", async () => {
    await using upstream = await Upstream.start();
    await using gateway = await Gateway.start();
    const past = authority.issue(["shop.test"], { from: new Date("2020-01-01"), until: new Date("2020-02-01") });
    gateway.apply(together(tlsSecret("team", "cert", past), shop, service("team", "shop", [upstream])));
    await gateway.open();
    gateway.delete(CERT);
    await gateway.settled();
    assert.equal(await name(gateway, "shop.test"), "shop.test");
  });
});
