import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import type { TLSSocket } from "node:tls";
import type { XdsResource } from "#xds/resource.ts";
import { encodeItem } from "#xds/resources/encode.ts";
import { certificateAuthority } from "./support/certificate.ts";
import { Gateway } from "./support/gateway.ts";
import { handshake, oddHandshake } from "./support/handshake.ts";
import { Http2Connection } from "./support/http2-connection.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const authority = certificateAuthority();
const TLS_13 = { annotations: { "projectcontour.io/tls-minimum-protocol-version": "1.3" } };

/** A host with a certificate of its own name. */
function secureHost(name: string, host: string, more: { annotations?: Record<string, string> } = {}): string {
  return together(
    ingress("team", name, host, "shop", { ...more, secret: name }),
    tlsSecret("team", name, authority.issue([host === "" ? "default.test" : host])),
  );
}

suite("HTTPS", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  let upstream: Upstream;
  before(async () => {
    upstream = stack.use(await Upstream.start({ respond: ({ path }) => ({ body: path }) }));
    gateway = stack.use(await Gateway.start());
    gateway.apply(
      together(
        service("team", "shop", [upstream]),
        secureHost("shop", "shop.test"),
        secureHost("wild", "*.wild.test"),
        secureHost("exact", "exact.wild.test"),
        secureHost("new", "new.test", TLS_13),
        secureHost("strict", "*.strict.test", TLS_13),
        secureHost("loose", "loose.strict.test"),
        ingress("team", "broken", "broken.test", "shop", { secret: "missing" }),
        ingress("team", "open", "open.test", "shop"),
      ),
    );
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  test("the certificate of the server name, checked by the client, over HTTP/1.1 and HTTP/2", async () => {
    for (const protocol of ["http1", "h2"] as const) {
      const { status, body, httpVersion } = await gateway.getTls(
        "shop.test",
        "/x",
        { ca: authority.cert },
        { protocol },
      );
      assert.deepEqual([status, body, httpVersion], [200, "/x", protocol === "h2" ? "2.0" : "1.1"]);
    }
  });

  test("a wildcard's certificate for names one label below it, and the own one of a host below", async () => {
    const names: Record<string, string> = {};
    for (const servername of ["a.wild.test", "exact.wild.test", "A.WILD.test", "a.b.wild.test", "wild.test"]) {
      const found = await handshake(gateway.httpsPort, { servername });
      names[servername] = "name" in found ? found.name : "none";
    }
    assert.deepEqual(names, {
      "a.wild.test": "*.wild.test",
      "exact.wild.test": "exact.wild.test",
      "A.WILD.test": "*.wild.test",
      "a.b.wild.test": "none",
      "wild.test": "none",
    });
    assert.equal((await gateway.getTls("a.wild.test", "/w", { ca: authority.cert })).body, "/w");
  });

  test("a server name without a certificate, and none at all, fail at once", async () => {
    for (const servername of ["nobody.test", "broken.test", "open.test", undefined]) {
      const found = await handshake(gateway.httpsPort, servername === undefined ? {} : { servername });
      assert.deepEqual(found, { error: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" }, String(servername));
    }
  });

  test("plain HTTP redirects to the port of HTTPS, with method and path kept", async () => {
    const { status, headers } = await gateway.get("shop.test", "/a?b=c", { method: "POST", body: "x" });
    assert.deepEqual([status, headers.location], [308, `https://shop.test:${gateway.httpsPort}/a?b=c`]);
    const withPort = await gateway.get(`shop.test:${gateway.httpPort}`, "/");
    assert.equal(withPort.headers.location, `https://shop.test:${gateway.httpsPort}/`);
    assert.equal((await gateway.get("broken.test", "/")).status, 308);
    assert.equal((await gateway.get("open.test", "/")).status, 200);
  });

  test("TLS versions of a host's own", async () => {
    const old = { maxVersion: "TLSv1.2" } as const;
    const refused = await handshake(gateway.httpsPort, { servername: "new.test", ...old });
    assert.ok("error" in refused);
    assert.deepEqual(await handshake(gateway.httpsPort, { servername: "new.test" }), {
      name: "new.test",
      protocol: "TLSv1.3",
    });
    assert.deepEqual(await handshake(gateway.httpsPort, { servername: "shop.test", ...old }), {
      name: "shop.test",
      protocol: "TLSv1.2",
    });
    assert.ok("error" in (await handshake(gateway.httpsPort, { servername: "a.strict.test", ...old })));
    const below = await handshake(gateway.httpsPort, { servername: "loose.strict.test", ...old });
    assert.deepEqual(below, { name: "loose.strict.test", protocol: "TLSv1.2" });
    assert.ok(
      "error" in
        (await handshake(gateway.httpsPort, { servername: "shop.test", maxVersion: "TLSv1.1", minVersion: "TLSv1" })),
    );
  });

  test("a connection answers for the hosts of its chain, and 421 for all others", async () => {
    const answers = async (servername: string, hosts: readonly string[]): Promise<Record<string, number>> => {
      await using connection = await Http2Connection.open(gateway.httpsPort, servername);
      const found: Record<string, number> = {};
      for (const host of hosts) found[host] = await connection.status(host);
      return found;
    };
    assert.deepEqual(
      await answers("shop.test", [
        "shop.test",
        "exact.wild.test",
        "new.test",
        "a.strict.test",
        "nobody.test",
        "open.test",
      ]),
      {
        "shop.test": 200,
        // The same policy: the connection may serve it (RFC 9113 §9.1.1).
        "exact.wild.test": 200,
        "new.test": 421,
        "a.strict.test": 421,
        "nobody.test": 421,
        "open.test": 421,
      },
    );
    assert.deepEqual(await answers("a.strict.test", ["a.strict.test", "new.test", "loose.strict.test", "shop.test"]), {
      "a.strict.test": 200,
      "new.test": 200,
      "loose.strict.test": 421,
      "shop.test": 421,
    });
    assert.deepEqual(await answers("loose.strict.test", ["loose.strict.test", "a.strict.test"]), {
      "loose.strict.test": 200,
      "a.strict.test": 421,
    });
  });

  test("a rotation is served at the next handshake and ends no connection", async () => {
    gateway.apply(secureHost("rotated", "rotated.test"));
    await gateway.settled();
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const options = { port: gateway.httpsPort, host: "127.0.0.1", servername: "rotated.test", agent };
    const serial = async (): Promise<string> => {
      const sent = request({ ...options, headers: { host: "rotated.test" } }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      const socket = response.socket as TLSSocket;
      const connection = `${socket.getPeerCertificate().serialNumber} from port ${socket.localPort}`;
      assert.deepEqual([response.statusCode, await text(response)], [200, "/"]);
      return connection;
    };
    const kept = await serial();
    const before = await gateway.certificateSerial("rotated.test");
    gateway.apply(tlsSecret("team", "rotated", authority.issue(["rotated.test"])));
    await until(() => gateway.certificateSerial("rotated.test"), {
      accept: (now) => now !== before,
      what: "the new certificate",
    });
    assert.equal(await serial(), kept);
    agent.destroy();
  });

  test("a Secret that comes later serves its host; one that no object names any more ends it", async () => {
    assert.ok("error" in (await handshake(gateway.httpsPort, { servername: "broken.test" })));
    gateway.apply(tlsSecret("team", "missing", authority.issue(["broken.test"])));
    await gateway.settled();
    assert.equal((await gateway.getTls("broken.test", "/", { ca: authority.cert })).status, 200);
    gateway.delete({ kind: "Ingress", namespace: "team", name: "broken" });
    await gateway.settled();
    assert.ok("error" in (await handshake(gateway.httpsPort, { servername: "broken.test" })));
  });

  test("server names that are none are closed, before Envoy asks for a secret of that name", async () => {
    const odd = [
      "*",
      "*.",
      "*.wild.test",
      "xdstp:",
      "xdstp://a/b",
      "xdstp://[::1/x",
      "a b",
      "a/../b",
      ".",
      "\u0001",
      "a\u007fb",
      "-a",
    ];
    for (const name of odd)
      assert.equal(await oddHandshake(gateway.httpsPort, Buffer.from(name)), "closed", JSON.stringify(name));
    assert.equal(await oddHandshake(gateway.httpsPort, Buffer.from([0xff, 0xfe, 0x80])), "closed");
    assert.equal(await oddHandshake(gateway.httpsPort, Buffer.from("shop.test")), "answered");
    assert.equal((await gateway.getTls("shop.test", "/", { ca: authority.cert })).status, 200);
  });

  test("a default certificate for clients without a server name and for unknown ones, and for unknown hosts", async () => {
    gateway.apply(secureHost("default", ""));
    await gateway.settled();
    for (const servername of [undefined, "nobody.test"]) {
      const found = await handshake(gateway.httpsPort, servername === undefined ? {} : { servername });
      assert.deepEqual(found, { name: "default.test", protocol: "TLSv1.3" });
    }
    const statuses = async (servername: string, host: string): Promise<number> =>
      (await gateway.getTls(host, "/", { servername })).status;
    assert.deepEqual(
      [await statuses("nobody.test", "nobody.test"), await statuses("nobody.test", "new.test")],
      [200, 421],
    );
    assert.deepEqual(await handshake(gateway.httpsPort, { servername: "shop.test" }), {
      name: "shop.test",
      protocol: "TLSv1.3",
    });
    gateway.delete({ kind: "Ingress", namespace: "team", name: "default" });
    await gateway.settled();
    assert.ok("error" in (await handshake(gateway.httpsPort, { servername: "nobody.test" })));
    assert.equal((await gateway.getTls("shop.test", "/", { ca: authority.cert })).status, 200);
  });

  test("adding and removing a policy of its own ends no connection of others", async () => {
    await using connection = await Http2Connection.open(gateway.httpsPort, "shop.test");
    assert.equal(await connection.status("shop.test"), 200);
    gateway.apply(
      secureHost("apart", "apart.test", { annotations: { "projectcontour.io/tls-maximum-protocol-version": "1.2" } }),
    );
    await gateway.settled();
    const apart = await until(() => handshake(gateway.httpsPort, { servername: "apart.test" }), {
      accept: (found) => "name" in found,
    });
    assert.deepEqual(apart, { name: "apart.test", protocol: "TLSv1.2" });
    gateway.delete({ kind: "Ingress", namespace: "team", name: "apart" });
    await gateway.settled();
    assert.equal(await connection.status("shop.test"), 200);
    // It comes back: the table of its chain gets its hosts again.
    gateway.apply(
      secureHost("apart", "apart.test", { annotations: { "projectcontour.io/tls-maximum-protocol-version": "1.2" } }),
    );
    await gateway.settled();
    const again = await until(() => gateway.getTls("apart.test", "/back"), { accept: ({ status }) => status === 200 });
    assert.equal(again.body, "/back");
  });
});

test("a redirect to port 443 names no port, whatever port the request named", async () => {
  await using gateway = await Gateway.start();
  const redirect = { type: "redirect", scheme: "https", port: undefined, status: 308 } as const;
  const route = {
    name: "all",
    owner: undefined,
    match: { path: { type: "prefix", value: "/" } },
    action: redirect,
  } as const;
  const host = (name: string): XdsResource =>
    encodeItem({ type: "virtualHost", name: `http/${name}`, routeTable: "http", host: name, routes: [route] }, [], {
      streamIdleTimeout: 0,
      accessLog: undefined,
    });
  gateway.controlPlane.snapshot.apply([host("shop.test"), host("*.wild.test")]);
  await gateway.open();
  const location = async (name: string): Promise<unknown> => (await gateway.get(name, "/a?b")).headers.location;
  assert.equal(await location("shop.test"), "https://shop.test/a?b");
  assert.equal(await location("SHOP.test:8080"), "https://shop.test/a?b");
  assert.equal(await location("a.wild.test:8080"), "https://a.wild.test:443/a?b");
});
