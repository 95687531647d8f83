import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { after, before, suite, test } from "node:test";
import { connect, createServer as createTlsServer } from "node:tls";
import { certificateAuthority } from "./support/certificate.ts";
import { listeningPort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { service, tlsSecret, together } from "./support/manifests.ts";
import { proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

const ours = certificateAuthority("ours");
const theirs = certificateAuthority("theirs");

/** Listens on a free port of loopback, and says which. */
async function listening(server: Server): Promise<{ host: string; port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { host: "127.0.0.1", port: listeningPort(server) };
}

suite("HTTPProxy and the real Envoy: connections", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  const serve = async (server: Server): Promise<{ host: string; port: number }> => {
    stack.defer(() => void server.close());
    return listening(server);
  };

  /** What comes back for `hello`, over TLS with this server name; `closed` when nothing does. */
  async function said(servername: string, ca: string): Promise<string> {
    const socket = connect({ port: bed.gateway.httpsPort, host: "127.0.0.1", servername, ca });
    try {
      await once(socket, "secureConnect");
      socket.write("hello");
      const [answer] = (await Promise.race([once(socket, "data"), once(socket, "close").then(() => ["closed"])])) as [
        Buffer | string,
      ];
      return String(answer);
    } catch {
      return "closed";
    } finally {
      socket.destroy();
    }
  }

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a"]));
    const plain = await serve(
      createServer((socket) => socket.on("data", (data) => socket.write(`plain ${String(data)}`))),
    );
    const { cert, key } = theirs.issue(["pass.test"]);
    const secure = await serve(
      createTlsServer({ cert, key }, (socket) => {
        socket.on("error", () => socket.destroy());
        socket.on("data", (data) => socket.write(`secure ${String(data)}`));
      }),
    );
    const refuses = createServer();
    const dead = await listening(refuses);
    refuses.close();
    const names = [
      "tcp.test",
      "chain.test",
      "child.test",
      "http.test",
      "guarded.test",
      "gone.test",
      "both.test",
      "weights.test",
    ];
    const tcp = (name: string, tls: object, tcpproxy: object, more: object = {}): string =>
      proxy(name, { virtualhost: { fqdn: `${name}.test`, tls, ...more }, tcpproxy, routes: [to("a")] });
    const services = [{ name: "plain", port: 80 }];
    bed.gateway.apply(
      together(
        tlsSecret("team", "cert", ours.issue(names)),
        service("team", "plain", [plain]),
        service("team", "dead", [dead]),
        tcp("chain", { secretName: "cert" }, { services: [{ name: "dead", port: 80 }] }).replace(
          '"metadata":{',
          '"metadata":{"annotations":{"binnacle.dev/failover":"dead > plain"},',
        ),
        service("team", "secure", [secure]),
        tcp("tcp", { secretName: "cert" }, { services }),
        tcp(
          "weights",
          { secretName: "cert" },
          {
            services: [
              { name: "secure", port: 80, weight: 0 },
              { name: "plain", port: 80, weight: 100 },
            ],
          },
        ),
        tcp("pass", { passthrough: true }, { services: [{ name: "secure", port: 80 }] }),
        tcp("child", { secretName: "cert" }, { include: { name: "part" } }),
        proxy("part", { tcpproxy: { services } }),
        tcp(
          "guarded",
          { secretName: "cert" },
          { services },
          { ipAllowPolicy: [{ source: "Peer", cidr: "10.0.0.0/8" }] },
        ),
        tcp("gone", { secretName: "cert" }, { services: [{ name: "gone", port: 80 }] }),
        tcp("both", { secretName: "cert", passthrough: true }, { services }),
        proxy("http", { virtualhost: { fqdn: "http.test", tls: { secretName: "cert" } }, routes: [to("a")] }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("connections go to the Service that takes over as soon as the first is known to refuse them", async () => {
    await until(() => said("chain.test", ours.cert), { accept: (answer) => answer === "plain hello" });
  });

  test("TLS ends here, and what is in it goes to the service", async () => {
    assert.equal(await said("tcp.test", ours.cert), "plain hello");
  });

  test("a service with a weight of 0 gets no connections, and costs no other host its own", async () => {
    assert.equal(await said("weights.test", ours.cert), "plain hello");
    assert.deepEqual(bed.gateway.controlPlane.snapshot.quarantined(), []);
  });

  test("TLS is passed through: the service shows its own certificate", async () => {
    assert.equal(await said("pass.test", theirs.cert), "secure hello");
    assert.equal(await said("pass.test", ours.cert), "closed");
  });

  test("a part may have the services", async () => assert.equal(await said("child.test", ours.cert), "plain hello"));

  test("what is wrong closes connections", async () => {
    assert.equal(await said("guarded.test", ours.cert), "closed");
    assert.equal(await said("gone.test", ours.cert), "closed");
    assert.equal(await said("both.test", ours.cert), "closed");
  });

  test("requests of other hosts are read as before, and one for such a host has no place there", async () => {
    const get = (host: string, servername: string): Promise<{ status: number }> =>
      httpGet({ port: bed.gateway.httpsPort }, "/", { host, tls: { servername, ca: ours.cert } });
    assert.equal((await get("http.test", "http.test")).status, 200);
    assert.equal((await get("tcp.test", "http.test")).status, 421);
  });

  test("over plain HTTP its routes are served where TLS is passed through, and lead to TLS where it is not", async () => {
    assert.equal((await bed.gateway.get("pass.test", "/")).status, 200);
    assert.equal((await bed.gateway.get("tcp.test", "/")).status, 301);
  });

  test("a service that changes is followed, and one that goes closes connections", async () => {
    bed.gateway.delete({ kind: "HTTPProxy", namespace: "team", name: "part" });
    await bed.gateway.settled();
    assert.equal(await said("child.test", ours.cert), "closed");
    bed.gateway.apply(proxy("part", { tcpproxy: { services: [{ name: "plain", port: 80 }] } }));
    await bed.gateway.settled();
    assert.equal(await said("child.test", ours.cert), "plain hello");
  });
});
