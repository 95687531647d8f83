import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { handshake } from "./support/handshake.ts";
import { tlsSecret, together } from "./support/manifests.ts";
import { proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

const authority = certificateAuthority();
const NOBODY = "nobody.test";

function host(name: string, fqdn: string, tls: object = {}, virtualhost: object = {}): string {
  return proxy(name, {
    virtualhost: { fqdn, tls: { secretName: "cert", ...tls }, ...virtualhost },
    routes: [to("a")],
  });
}

const FALLBACK = { enableFallbackCertificate: true };

const DELEGATION = JSON.stringify({
  apiVersion: "projectcontour.io/v1",
  kind: "TLSCertificateDelegation",
  metadata: { name: "fallback", namespace: "edge" },
  spec: { delegations: [{ secretName: "fallback", targetNamespaces: ["team"] }] },
});

suite("HTTPProxy and the real Envoy: the fallback certificate", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  /** What a host answers over a connection that names `servername`, or none. */
  async function status(authorityName: string, servername: string): Promise<number> {
    return (await bed.gateway.getTls(authorityName, "/", { servername })).status;
  }

  async function certificate(servername: string): Promise<string> {
    const found = await handshake(bed.gateway.httpsPort, servername === "" ? {} : { servername });
    return "name" in found ? found.name : "none";
  }

  before(async () => {
    const settings = { fallbackCertificate: { namespace: "edge", name: "fallback" } };
    bed = stack.use(await RoutingBed.start(["a"], { settings }));
    const names = ["own.test", "*.wild.test"];
    bed.gateway.apply(
      together(
        tlsSecret("team", "cert", authority.issue(names)),
        tlsSecret("edge", "fallback", authority.issue(["fallback.test"])),
        DELEGATION,
        host("enabled", "enabled.test", FALLBACK),
        host("wild", "*.wild.test", FALLBACK),
        host("below", "below.wild.test"),
        host("other", "other.test"),
        host("new", "new.test", { minimumProtocolVersion: "1.3" }),
        host("asking", "asking.test", { ...FALLBACK, clientValidation: { skipClientCertValidation: true } }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("who names no host here, or none at all, gets it; who names one gets the host's own", async () => {
    assert.deepEqual(
      [await certificate(""), await certificate(NOBODY), await certificate("gone.enabled.test")],
      ["fallback.test", "fallback.test", "fallback.test"],
    );
    for (const name of ["enabled.test", "other.test", "a.wild.test", "new.test", "asking.test"])
      assert.equal(await certificate(name), "own.test", name);
  });

  test("such a connection leads to the hosts that say so, and to no other", async () => {
    const answers: Record<string, number> = {};
    const hosts = ["enabled.test", "a.wild.test", "other.test", "below.wild.test", "new.test", "asking.test", NOBODY];
    for (const name of hosts) answers[name] = await status(name, NOBODY);
    assert.deepEqual(answers, {
      "enabled.test": 200,
      "a.wild.test": 200,
      "other.test": 421,
      "below.wild.test": 421,
      "new.test": 421,
      "asking.test": 421,
      [NOBODY]: 421,
    });
    assert.equal(await status("enabled.test", ""), 200);
    assert.equal(await status("other.test", ""), 421);
  });

  test("with a server name of its own each host is served as ever", async () => {
    for (const name of ["enabled.test", "other.test", "below.wild.test", "new.test"])
      assert.equal(await status(name, name), 200, name);
  });

  test("a host that comes is known at once, and the certificate is renewed in place", async () => {
    const { gateway } = bed;
    gateway.apply(host("later", "later.test"));
    await gateway.settled();
    assert.equal(await certificate("later.test"), "own.test");
    gateway.apply(tlsSecret("edge", "fallback", authority.issue(["renewed.test"])));
    await gateway.settled();
    await until(() => certificate(NOBODY), { accept: (name) => name === "renewed.test", what: "the new certificate" });
    assert.equal(await status("enabled.test", NOBODY), 200);
  });

  test("a permission withdrawn is withdrawn: nobody has the certificate any more", async () => {
    const { gateway } = bed;
    gateway.delete({ kind: "TLSCertificateDelegation", namespace: "edge", name: "fallback" });
    await gateway.settled();
    await until(() => certificate(NOBODY), { accept: (name) => name === "none", what: "handshakes to fail" });
    assert.equal(await certificate(""), "none");
    for (const name of ["enabled.test", "other.test", "new.test"]) assert.equal(await status(name, name), 200, name);
    gateway.apply(DELEGATION);
    await gateway.settled();
    await until(() => certificate(NOBODY), { accept: (name) => name === "renewed.test", what: "the certificate" });
    assert.equal(await status("enabled.test", NOBODY), 200);
    assert.equal(await status("other.test", NOBODY), 421);
  });
});
