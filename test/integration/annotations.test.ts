import assert from "node:assert/strict";
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { listeningPort } from "./support/free-port.ts";
import { ingress, service, tlsSecret, together } from "./support/manifests.ts";
import { rawHttp } from "./support/raw-http.ts";
import { RoutingBed } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";

const authority = certificateAuthority("annotations");

/** What no other test shows of them. */
suite("annotations of Ingresses and Services, and the real Envoy", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  const late = Promise.withResolvers<{ body: string }>();

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a", "failing", "silent", "limited"]));
    bed.upstream("failing").respond = () => ({ status: 503 });
    bed.upstream("silent").respond = () => late.promise;
    const pair = authority.issue(["secure.test"]);
    const tls = createHttpsServer(pair, ({ httpVersion }, response) => response.end(`tls ${httpVersion}`));
    const h2 = createSecureServer(pair, ({ httpVersion }, response) => response.end(`tls ${httpVersion}`));
    for (const server of [tls, h2]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      stack.defer(() => void server.close());
    }
    const target = (server: Parameters<typeof listeningPort>[0]) => [
      { host: "127.0.0.1", port: listeningPort(server) },
    ];
    const host = (name: string, to: string, annotations: Readonly<Record<string, string>>): string =>
      ingress("team", name, `${name}.test`, to, { annotations });
    bed.gateway.apply(
      together(
        service("team", "tls", target(tls), { "projectcontour.io/upstream-protocol.tls": "http" }),
        service("team", "h2", target(h2), { "projectcontour.io/upstream-protocol.h2": "443,80" }),
        service("team", "limited", [bed.upstream("limited")], {
          "projectcontour.io/per-host-max-connections": "1",
          "projectcontour.io/max-pending-requests": "1",
        }),
        host("tls", "tls", {}),
        host("h2", "h2", {}),
        host("limited", "limited", {}),
        host("retries", "failing", {
          "projectcontour.io/num-retries": "2",
          "projectcontour.io/retry-on": "gateway-error",
        }),
        host("no-retries", "failing", {
          "projectcontour.io/num-retries": "-1",
          "projectcontour.io/retry-on": "gateway-error",
        }),
        host("tries", "silent", {
          "projectcontour.io/num-retries": "1",
          "projectcontour.io/retry-on": "5xx",
          "projectcontour.io/per-try-timeout": "500ms",
        }),
        host("websocket", "a", { "projectcontour.io/websocket-routes": "/ws" }),
        host("other-class", "a", { "kubernetes.io/ingress.class": "nginx" }),
        host("contour-class", "a", { "projectcontour.io/ingress.class": "nginx" }),
        tlsSecret("team", "own", authority.issue(["open.test"])),
        ingress("team", "open", "open.test", "a", {
          annotations: { "ingress.kubernetes.io/force-ssl-redirect": "false" },
          secret: "own",
        }),
        tlsSecret("certs", "given", authority.issue(["given.test"])),
        ingress("team", "given", "given.test", "a", {
          annotations: { "projectcontour.io/tls-cert-namespace": "certs" },
          secret: "given",
        }),
        JSON.stringify({
          apiVersion: "projectcontour.io/v1",
          kind: "TLSCertificateDelegation",
          metadata: { name: "given", namespace: "certs" },
          spec: { delegations: [{ secretName: "given", targetNamespaces: ["team"] }] },
        }),
      ),
    );
    await bed.gateway.open();
  });
  after(async () => {
    late.resolve({ body: "late" });
    await stack.disposeAsync();
  });

  test("upstreams that speak TLS, by the name or number of their port", async () => {
    const bodies = [(await bed.gateway.get("tls.test", "/")).body, (await bed.gateway.get("h2.test", "/")).body];
    assert.deepEqual(bodies, ["tls 1.1", "tls 2.0"]);
  });

  test("retries: so many, none, and each with its own time", async () => {
    const tries = async (host: string, upstream: string): Promise<readonly number[]> => {
      const seen = bed.upstream(upstream).requests.length;
      const { status } = await bed.gateway.get(`${host}.test`, "/");
      return [status, bed.upstream(upstream).requests.length - seen];
    };
    assert.deepEqual(await tries("retries", "failing"), [503, 3]);
    assert.deepEqual(await tries("no-retries", "failing"), [503, 1]);
    assert.deepEqual(await tries("tries", "silent"), [504, 2]);
  });

  test("upgrades to WebSocket are let through", async () => {
    const upgrade = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: eA==",
    ];
    for (const path of ["/ws", "/other"]) {
      const seen = bed.upstream("a").requests.length;
      const request = [`GET ${path} HTTP/1.1`, "Host: websocket.test", ...upgrade, "", ""].join("\r\n");
      await rawHttp(bed.gateway.httpPort, request);
      assert.equal(bed.upstream("a").requests.at(seen)?.headers["upgrade"], "websocket");
    }
  });

  test("of another class nothing is served", async () => {
    await bed.check({ what: "", host: "other-class.test", path: "/", status: 404 });
    await bed.check({ what: "", host: "contour-class.test", path: "/", status: 404 });
  });

  test("plain HTTP beside TLS, without a redirect", async () => {
    await bed.check({ what: "", host: "open.test", path: "/", from: "a" });
    await bed.check({ what: "", host: "open.test", path: "/", tls: true, from: "a" });
  });

  test("a certificate of another namespace, which is delegated", async () => {
    const { status, body } = await bed.gateway.getTls("given.test", "/", { ca: authority.cert });
    assert.deepEqual([status, body], [200, "a"]);
  });

  test("one connection to an endpoint, one that waits, and no more", async () => {
    const { promise, resolve } = Promise.withResolvers<{ body: string }>();
    bed.upstream("limited").respond = () => promise;
    const seen = bed.upstream("limited").requests.length;
    const first = bed.gateway.get("limited.test", "/");
    await until(() => bed.upstream("limited").requests.length, { accept: (count) => count > seen, what: "the first" });
    const others = [bed.gateway.get("limited.test", "/"), bed.gateway.get("limited.test", "/")];
    assert.equal((await Promise.race(others)).status, 503);
    resolve({ body: "limited" });
    const codes = (await Promise.all([first, ...others])).map(({ status }) => status);
    assert.deepEqual(
      codes.toSorted((a, b) => a - b),
      [200, 200, 503],
    );
    const connections = await bed.gateway.admin("/stats?filter=team/limited/80.upstream_cx_total");
    assert.match(connections, /upstream_cx_total: 1$/m);
  });
});
