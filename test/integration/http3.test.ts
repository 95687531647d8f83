import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { freePorts } from "./support/free-port.ts";
import { Http3Client } from "./support/http3-client.ts";
import { ingress, tlsSecret, together } from "./support/manifests.ts";
import { proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

const authority = certificateAuthority();
const NAMES = [
  "one.test",
  "two.test",
  "a.wild.test",
  "new.test",
  "asking.test",
  "old.test",
  "later.test",
  "nobody.test",
];

function host(name: string, secret: string, tls: object = {}): string {
  return proxy(name, {
    virtualhost: { fqdn: `${name}.test`, tls: { secretName: secret, ...tls } },
    routes: [to("a")],
  });
}

suite("HTTP/3 and the real Envoy", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let client: Http3Client;
  let port: number;

  before(async () => {
    [port = 0] = await freePorts(1);
    const listener = { name: "quic", port, protocol: "https", http3: { advertisedPort: 443 } } as const;
    bed = stack.use(await RoutingBed.start(["a"], { listeners: [listener], logRequests: true }));
    bed.gateway.apply(
      together(
        tlsSecret("team", "shared", authority.issue(["one.test", "two.test", "new.test", "asking.test", "old.test"])),
        tlsSecret("team", "wild", authority.issue(["*.wild.test"])),
        host("one", "shared"),
        host("two", "shared"),
        ingress("team", "wild", "*.wild.test", "a", { secret: "wild" }),
        host("new", "shared", { minimumProtocolVersion: "1.3" }),
        host("asking", "shared", { clientValidation: { skipClientCertValidation: true } }),
        host("old", "shared", { maximumProtocolVersion: "1.2" }),
      ),
    );
    await bed.gateway.open();
    client = stack.use(await Http3Client.start(port, NAMES, authority.cert));
  });
  after(() => stack.disposeAsync());

  test("hosts are served, each with its own certificate, and the upstream sees nothing of it", async () => {
    for (const name of ["one.test", "two.test", "a.wild.test", "new.test"]) {
      const seen = bed.upstream("a").requests.length;
      const { status, body } = await client.get(name, "/x?y=z", name, { method: "POST", body: "hello" });
      assert.deepEqual([name, status, body], [name, 200, "a"]);
      const request = bed.upstream("a").requests.at(seen);
      assert.deepEqual([request?.path, request?.method, request?.body], ["/x?y=z", "POST", "hello"]);
      assert.equal(request?.headers["x-forwarded-proto"], "https");
    }
  });

  test("who comes by TCP is told of it, and nobody is told of what is not there", async () => {
    const told = async (name: string): Promise<unknown> => (await bed.gateway.getTls(name, "/")).headers["alt-svc"];
    for (const name of ["one.test", "a.wild.test", "new.test"])
      assert.equal(await told(name), 'h3=":443"; ma=86400', name);
    assert.equal(await told("asking.test"), undefined);
    assert.equal((await bed.gateway.get("one.test", "/")).headers["alt-svc"], undefined);
  });

  test("a connection answers for the hosts of its chain, and 421 for all others", async () => {
    const answers: Record<string, number> = {};
    for (const name of ["one.test", "a.wild.test", "new.test", "asking.test", "old.test", "nobody.test"])
      answers[name] = (await client.get(name, "/", "one.test")).status;
    assert.deepEqual(answers, {
      "one.test": 200,
      "a.wild.test": 200,
      "new.test": 421,
      "asking.test": 421,
      "old.test": 421,
      "nobody.test": 421,
    });
    assert.equal((await client.get("one.test", "/", "new.test")).status, 421);
  });

  test("what cannot be served so is not: client certificates, older TLS, and names that nobody has", async () => {
    for (const name of ["asking.test", "old.test", "nobody.test"])
      assert.equal((await client.get(name, "/")).status, 503, name);
  });

  test("it is logged and counted as what it is, at a listener of its own", async () => {
    const { status } = await client.get("one.test", "/", "one.test", { headers: { "user-agent": "logged-h3" } });
    assert.equal(status, 200);
    const lines = await until(() => bed.gateway.requestLines(), {
      accept: (found) => found.has("logged-h3"),
      what: "the line",
    });
    const { protocol, authority: asked, code } = lines.get("logged-h3") ?? {};
    assert.deepEqual([protocol, asked, code], ["HTTP/3", "one.test", 200]);
    const stats = await bed.gateway.admin("/stats?filter=^binnacle.requests");
    assert.match(stats, /quic\/http3 one\.test\/HTTPProxy\/team\/one\/prefix \/: [1-9]/);
  });

  test("a host that comes and goes costs the others no connection", async () => {
    const { gateway } = bed;
    await client.get("two.test", "/");
    const before = await client.connections("two.test");
    gateway.apply(together(tlsSecret("team", "later", authority.issue(["later.test"])), host("later", "later")));
    await gateway.settled();
    await until(() => client.get("later.test", "/"), { accept: ({ status }) => status === 200, what: "later.test" });
    gateway.delete({ kind: "HTTPProxy", namespace: "team", name: "later" });
    await gateway.settled();
    assert.equal((await client.get("two.test", "/")).status, 200);
    assert.equal(await client.connections("two.test"), before);
  });

  test("a certificate is renewed in place; one that is gone serves on, until no object names it", async () => {
    const { gateway } = bed;
    gateway.apply(tlsSecret("team", "wild", authority.issue(["*.wild.test"])));
    await gateway.settled();
    assert.equal((await client.get("a.wild.test", "/")).status, 200);
    gateway.delete({ kind: "Secret", namespace: "team", name: "wild" });
    await gateway.settled();
    assert.equal((await client.get("a.wild.test", "/")).status, 200);
    gateway.delete({ kind: "Ingress", namespace: "team", name: "wild" });
    await gateway.settled();
    await until(() => client.get("a.wild.test", "/"), { accept: ({ status }) => status !== 200, what: "the end" });
    assert.equal((await client.get("one.test", "/")).status, 200);
  });
});
