import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type Certificate, certificateAuthority } from "./support/certificate.ts";
import { httpGet } from "./support/http-get.ts";
import { tlsSecret, together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";

const servers = certificateAuthority("servers");
const clients = certificateAuthority("clients");
const others = certificateAuthority("others");
const anna = clients.issue(["anna.test"]);
const berta = clients.issue(["berta.test"]);
const stranger = others.issue(["stranger.test"]);

function secret(name: string, data: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "team" }, stringData: data });
}

/** What looks like a list, and is none for Envoy alone. */
const BROKEN = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";

function host(name: string, clientValidation: object | undefined, more: object = {}): string {
  const tls = { secretName: "cert", ...(clientValidation === undefined ? {} : { clientValidation }) };
  return proxy(name, { virtualhost: { fqdn: `${name}.test`, tls }, routes: [to("a")], ...more });
}

suite("HTTPProxy and the real Envoy: client certificates", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  /** Status and what the upstream is told of the client; `refused` when the handshake fails. */
  async function get(name: string, client?: Certificate, servername = name): Promise<readonly unknown[]> {
    const tls = { servername, ca: servers.cert, ...client };
    const seen = bed.upstream("a").requests.length;
    try {
      const headers = { "x-forwarded-client-cert": "By=liar" };
      const { status } = await httpGet({ port: bed.gateway.httpsPort }, "/", { host: name, tls, headers });
      return [status, bed.upstream("a").requests.at(seen)?.headers["x-forwarded-client-cert"]];
    } catch {
      return ["refused"];
    }
  }

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a"]));
    const names = ["open", "closed", "optional", "any", "revoked", "broken", "wrong"].map((name) => `${name}.test`);
    bed.gateway.apply(
      together(
        tlsSecret("team", "cert", servers.issue(names)),
        secret("clients", { "ca.crt": clients.cert }),
        secret("revoked", { "crl.pem": clients.revoke(berta) }),
        secret("broken", { "crl.pem": BROKEN }),
        secret("empty", { "tls.crt": clients.cert }),
        host("open", undefined),
        host(
          "closed",
          { caSecret: "clients", forwardClientCertificate: { subject: true, dns: true } },
          {
            routes: [to("a"), at("/plain", { ...to("a"), permitInsecure: true })],
          },
        ),
        host("optional", {
          caSecret: "clients",
          optionalClientCertificate: true,
          forwardClientCertificate: { dns: true },
        }),
        host("any", { skipClientCertValidation: true }),
        host("revoked", { caSecret: "clients", crlSecret: "revoked", crlOnlyVerifyLeafCert: true }),
        host("broken", { caSecret: "clients", crlSecret: "broken" }),
        host("wrong", { caSecret: "empty" }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("who shows a certificate of the authority comes in, and the upstream is told who it is", async () => {
    const [status, told] = await get("closed.test", anna);
    assert.equal(status, 200);
    assert.match(String(told), /^Hash=[0-9a-f]{64};Subject="CN=anna\.test";DNS=anna\.test$/);
  });

  test("who shows none, or a stranger's, does not", async () => {
    assert.deepEqual(await get("closed.test"), ["refused"]);
    assert.deepEqual(await get("closed.test", stranger), ["refused"]);
  });

  test("another host's connection does not lead in", async () => {
    assert.deepEqual(await get("closed.test", undefined, "open.test"), [421, undefined]);
    assert.deepEqual(await get("closed.test", undefined, "optional.test"), [421, undefined]);
    assert.deepEqual(await get("closed.test", anna, "optional.test"), [421, undefined]);
    assert.deepEqual(await get("open.test", anna, "closed.test"), [421, undefined]);
  });

  test("a certificate may be optional, and one that is shown has to be good", async () => {
    assert.deepEqual(await get("optional.test"), [200, undefined]);
    assert.equal((await get("optional.test", anna))[0], 200);
    assert.deepEqual(await get("optional.test", stranger), ["refused"]);
  });

  test("where nobody looks at certificates any will do, and none, too", async () => {
    assert.deepEqual(await get("any.test", stranger), [200, undefined]);
    assert.deepEqual(await get("any.test"), [200, undefined]);
  });

  test("a revoked certificate is refused, another one of the same authority is not", async () => {
    assert.equal((await get("revoked.test", anna))[0], 200);
    assert.deepEqual(await get("revoked.test", berta), ["refused"]);
  });

  test("a list that Envoy cannot read closes its host, and no other", async () => {
    assert.deepEqual(await get("broken.test", anna), ["refused"]);
    assert.equal((await get("closed.test", anna))[0], 200);
  });

  test("a Secret without authorities lets nobody in", async () => {
    assert.deepEqual(await get("wrong.test", anna), [503, undefined]);
  });

  test("plain HTTP leads to HTTPS, and in only where a route permits it", async () => {
    assert.equal((await bed.gateway.get("closed.test", "/")).status, 301);
    assert.equal((await bed.gateway.get("closed.test", "/plain")).status, 200);
  });

  test("an authority that changes changes who comes in", async () => {
    bed.gateway.apply(secret("clients", { "ca.crt": others.cert }));
    await bed.gateway.settled();
    assert.deepEqual(await get("closed.test", anna), ["refused"]);
    assert.equal((await get("closed.test", stranger))[0], 200);
    bed.gateway.delete({ kind: "Secret", namespace: "team", name: "clients" });
    await bed.gateway.settled();
    assert.deepEqual(await get("closed.test", stranger), [503, undefined]);
  });
});
