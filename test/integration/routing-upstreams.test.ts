import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { listeningPort } from "./support/free-port.ts";
import { service, slices, together } from "./support/manifests.ts";
import { rawHttp } from "./support/raw-http.ts";
import { at, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const authority = certificateAuthority("upstreams");

const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="];

suite("HTTPProxy and the real Envoy: upstreams", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  const get = (path: string, headers: Record<string, string> = {}): ReturnType<RoutingBed["gateway"]["get"]> =>
    bed.gateway.get("shop.test", path, { headers });

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a", "b", "c"]));
    const h2c = stack.use(
      await Upstream.start({ protocol: "h2c", respond: ({ httpVersion }) => ({ body: httpVersion }) }),
    );
    // Two endpoints of one Service, told apart by what they answer.
    const pair = [bed.upstream("a"), bed.upstream("b")];
    const secure = createHttpsServer(authority.issue(["secure.test"]), (_request, response) => response.end("secure"));
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    stack.defer(() => void secure.close());
    const tls = (subjectName: string, caSecret = "authority"): object => ({
      services: [{ name: "secure", port: 80, protocol: "tls", validation: { caSecret, subjectName } }],
    });
    bed.gateway.apply(
      together(
        service("team", "h2c", [h2c]),
        service("team", "pair", pair),
        service("team", "secure", [{ host: "127.0.0.1", port: listeningPort(secure) }]),
        JSON.stringify({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "authority", namespace: "giving" },
          stringData: { "ca.crt": authority.cert },
        }),
        proxy("shop", {
          virtualhost: { fqdn: "shop.test" },
          routes: [
            at("/weights", {
              services: [
                { name: "a", port: 80, weight: 3 },
                { name: "b", port: 80, weight: 1 },
                { name: "c", port: 80, weight: 0 },
              ],
            }),
            at("/mirror", {
              services: [
                { name: "a", port: 80 },
                { name: "c", port: 80, mirror: true },
              ],
            }),
            at("/cookie", { ...to("pair"), loadBalancerPolicy: { strategy: "Cookie" } }),
            at("/hash", {
              ...to("pair"),
              loadBalancerPolicy: {
                strategy: "RequestHash",
                requestHashPolicies: [{ headerHashOptions: { headerName: "X-User" } }],
              },
            }),
            at("/websocket", { ...to("a"), enableWebsockets: true }),
            at("/no-websocket", to("a")),
            at("/retry", {
              ...to("c"),
              retryPolicy: { count: 2, retryOn: ["retriable-status-codes"], retriableStatusCodes: [418] },
            }),
            at("/no-retry", { ...to("c"), retryPolicy: { count: -1 } }),
            at("/slow", { ...to("c"), timeoutPolicy: { response: "50ms" } }),
            at("/h2c", { services: [{ name: "h2c", port: 80, protocol: "h2c" }] }),
            at("/health", {
              ...to("pair"),
              healthCheckPolicy: {
                path: "/live",
                host: "checked.test",
                intervalSeconds: 1,
                healthyThresholdCount: 1,
                unhealthyThresholdCount: 1,
              },
            }),
            at("/secure", tls("secure.test", "giving/authority")),
            at("/other-name", tls("other.test", "giving/authority")),
          ],
        }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("weights: as told, and nothing for a weight of 0", async () => {
    const counts: Record<string, number> = {};
    for (let request = 0; request < 400; request++) {
      const { body } = await get("/weights");
      counts[body] = (counts[body] ?? 0) + 1;
    }
    assert.deepEqual(Object.keys(counts).sort(), ["a", "b"]);
    // Three quarters of 400, five standard deviations to each side.
    assert.ok(Math.abs((counts["a"] ?? 0) - 300) < 45, JSON.stringify(counts));
  });

  test("a mirror gets a copy, and its answer nobody", async () => {
    const seen = bed.upstream("c").requests.length;
    assert.equal((await get("/mirror/x")).body, "a");
    await until(() => bed.upstream("c").requests.length, { accept: (count) => count === seen + 1, what: "the copy" });
    assert.equal(bed.upstream("c").requests.at(-1)?.path, "/mirror/x");
  });

  test("who comes with the cookie stays with one endpoint", async () => {
    const first = await get("/cookie");
    const [cookie = ""] = first.headers["set-cookie"] ?? [];
    assert.match(cookie, /^X-Contour-Session-Affinity="[^"]+"; .*Path=\//i);
    const sent = { cookie: cookie.split(";")[0] ?? "" };
    const bodies = new Set([first.body]);
    for (let request = 0; request < 20; request++) bodies.add((await get("/cookie", sent)).body);
    assert.equal(bodies.size, 1);
  });

  test("equal headers lead to one endpoint, others to others", async () => {
    const byUser = new Map<string, Set<string>>();
    for (let request = 0; request < 120; request++) {
      const user = `user-${request % 40}`;
      const bodies = byUser.get(user) ?? new Set();
      byUser.set(user, bodies.add((await get("/hash", { "x-user": user })).body));
    }
    assert.deepEqual([...new Set([...byUser.values()].map(({ size }) => size))], [1]);
    assert.equal(new Set([...byUser.values()].flatMap((bodies) => [...bodies])).size, 2);
  });

  test("connections are upgraded where a route permits it", async () => {
    const upgrade = async (path: string): Promise<number> => {
      const request = [`GET ${path} HTTP/1.1`, "Host: shop.test", ...UPGRADE, "", ""].join("\r\n");
      return (await rawHttp(bed.gateway.httpPort, request)).status;
    };
    const seen = bed.upstream("a").requests.length;
    await upgrade("/websocket");
    assert.equal(bed.upstream("a").requests.at(seen)?.headers["upgrade"], "websocket");
    assert.equal(await upgrade("/no-websocket"), 403);
  });

  test("retries: so many, on what is named, or none", async () => {
    const { requests } = bed.upstream("c");
    bed.upstream("c").respond = () => ({ status: 418 });
    const attempts = async (path: string): Promise<readonly number[]> => {
      const seen = requests.length;
      const { status } = await get(path);
      return [status, requests.length - seen];
    };
    assert.deepEqual(await attempts("/retry"), [418, 3]);
    assert.deepEqual(await attempts("/no-retry"), [418, 1]);
    bed.upstream("c").respond = () => ({ body: "c" });
  });

  test("an answer that takes too long is 504", async () => {
    const { promise, resolve } = Promise.withResolvers<{ body: string }>();
    bed.upstream("c").respond = () => promise;
    assert.equal((await get("/slow")).status, 504);
    resolve({ body: "late" });
    bed.upstream("c").respond = () => ({ body: "c" });
  });

  test("HTTP/2 without TLS where a service is said to speak it", async () =>
    assert.equal((await get("/h2c")).body, "2.0"));

  test("an endpoint that fails its checks gets nothing", async () => {
    const fails = bed.upstream("b");
    fails.respond = ({ path }) => (path === "/live" ? { status: 503 } : { body: "b" });
    await until(async () => (await bed.gateway.admin("/clusters")).match(/::127[^\n]*failed_active_hc/g)?.length ?? 0, {
      accept: (count) => count > 0,
      what: "the failed check to count",
    });
    assert.equal(fails.requests.findLast(({ path }) => path === "/live")?.headers.host, "checked.test");
    // Envoy's threads that serve hear of it after the one that tells.
    const ten = async (): Promise<readonly string[]> => {
      const bodies = new Set<string>();
      for (let request = 0; request < 10; request++) bodies.add((await get("/health")).body);
      return [...bodies];
    };
    await until(ten, { accept: (bodies) => bodies.join() === "a", what: "the other endpoint alone" });
  });

  test("an upstream is verified, by an authority that is delegated and stays so, and by its name", async () => {
    assert.equal((await get("/secure")).status, 503, "not delegated yet");
    bed.gateway.apply(
      JSON.stringify({
        apiVersion: "projectcontour.io/v1",
        kind: "TLSCertificateDelegation",
        metadata: { name: "d", namespace: "giving" },
        spec: { delegations: [{ secretName: "authority", targetNamespaces: ["team"] }] },
      }),
    );
    await bed.gateway.settled();
    const { status, body } = await get("/secure");
    assert.deepEqual([status, body], [200, "secure"]);
    assert.equal((await get("/other-name")).status, 503);
    bed.gateway.delete({ kind: "TLSCertificateDelegation", namespace: "giving", name: "d" });
    await bed.gateway.settled();
    assert.equal((await get("/secure")).status, 503, "withdrawn");
  });

  test("endpoints of a Service are those of all its variations", async () => {
    bed.gateway.apply(slices("team", "pair", [bed.upstream("c")]));
    bed.gateway.delete({ kind: "EndpointSlice", namespace: "team", name: "pair-1" });
    await bed.gateway.settled();
    assert.deepEqual([(await get("/hash")).body, (await get("/cookie")).body], ["c", "c"]);
  });
});
