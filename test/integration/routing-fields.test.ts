import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { listeningPort } from "./support/free-port.ts";
import { service, tlsSecret, together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, type RoutingCase, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const HOST = "fields.test";
const REDIRECT_CODES = [301, 302, 303, 307, 308];

const authority = certificateAuthority("fields");

const internal = (path: string, policy: object): object =>
  at(path, { ...to("redirecting"), internalRedirectPolicy: policy });
const hashed = (path: string, ...policies: readonly object[]): object =>
  at(path, { ...to("pair"), loadBalancerPolicy: { strategy: "RequestHash", requestHashPolicies: policies } });

const OBJECTS = together(
  tlsSecret("team", "cert", authority.issue([HOST])),
  proxy("fields", {
    virtualhost: {
      fqdn: HOST,
      tls: { secretName: "cert" },
      corsPolicy: {
        allowOrigin: ["https://a.test"],
        allowMethods: ["GET"],
        exposeHeaders: ["x-one", "x-two"],
        allowPrivateNetwork: true,
      },
    },
    routes: [
      to("a"),
      ...REDIRECT_CODES.map((statusCode) =>
        at(`/redirect-${statusCode}`, {
          requestRedirectPolicy: { scheme: "http", hostname: "other.test", statusCode },
        }),
      ),
      ...REDIRECT_CODES.map((code) => internal(`/follow-${code}`, { redirectResponseCodes: [code] })),
      internal("/never", { redirectResponseCodes: [302] }),
      internal("/always", { allowCrossSchemeRedirect: "Always" }),
      internal("/safe", { allowCrossSchemeRedirect: "SafeOnly" }),
      internal("/again", { maxInternalRedirects: 5, denyRepeatedRouteRedirect: true }),
      at("/minute", { ...to("a"), rateLimitPolicy: { local: { requests: 1, unit: "minute" } } }),
      ...["Lax", "None"].map((sameSite) =>
        at(`/cookie-${sameSite}`, { ...to("cookies"), cookieRewritePolicies: [{ name: "session", sameSite }] }),
      ),
      hashed("/query", { queryParameterHashOptions: { parameterName: "user" } }),
      hashed("/source", { hashSourceIP: true }),
      hashed("/terminal", { headerHashOptions: { headerName: "x-user" }, terminal: true }, { hashSourceIP: true }),
      at("/health-port", {
        services: [{ name: "a", port: 80, healthPort: 8080 }],
        healthCheckPolicy: { path: "/live", intervalSeconds: 1, unhealthyThresholdCount: 1, healthyThresholdCount: 1 },
      }),
      at("/subject-names", {
        services: [
          {
            name: "secure",
            port: 80,
            protocol: "tls",
            validation: {
              caSecret: "authority",
              subjectName: "first.test",
              subjectNames: ["first.test", "second.test"],
            },
          },
        ],
      }),
      at("/idle", { ...to("silent"), timeoutPolicy: { response: "infinity", idle: "500ms" } }),
      at("/per-try", { ...to("silent"), retryPolicy: { count: 1, perTryTimeout: "500ms" } }),
    ].map((route) => ({ ...route, permitInsecure: true })),
  }),
);

const CASES: readonly RoutingCase[] = [
  ...REDIRECT_CODES.map((status) => ({
    what: `a redirect with ${status}`,
    host: HOST,
    path: `/redirect-${status}`,
    status,
    answered: { location: `http://other.test/redirect-${status}` },
  })),
  {
    what: "headers that pages may read",
    host: HOST,
    path: "/",
    options: { headers: { origin: "https://a.test" } },
    from: "a",
    answered: { "access-control-expose-headers": "x-one,x-two" },
  },
  {
    what: "a browser that asks for a private network",
    host: HOST,
    path: "/",
    options: {
      method: "OPTIONS",
      headers: {
        origin: "https://a.test",
        "access-control-request-method": "GET",
        "access-control-request-private-network": "true",
      },
    },
    answered: { "access-control-allow-private-network": "true" },
  },
  ...["Lax", "None"].map((sameSite) => ({
    what: `a cookie's SameSite becomes ${sameSite}`,
    host: HOST,
    path: `/cookie-${sameSite}`,
    from: "cookies",
    answered: { "set-cookie": [`session=1; SameSite=${sameSite}`] },
  })),
  { what: "silence that takes too long", host: HOST, path: "/idle", from: "silent", status: 504 },
];

suite("HTTPProxy and the real Envoy: one field after the other", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let live: Upstream;
  const get = (path: string, headers: Record<string, string> = {}): ReturnType<RoutingBed["gateway"]["get"]> =>
    bed.gateway.get(HOST, path, { headers });

  before(async () => {
    bed = stack.use(await RoutingBed.start(["a", "b", "redirecting", "cookies", "silent"]));
    live = stack.use(await Upstream.start());
    bed.upstream("cookies").respond = () => ({ headers: { "set-cookie": ["session=1; SameSite=Strict"] } });
    // A path says with which code and to which scheme.
    bed.upstream("redirecting").respond = ({ path }) => {
      const [, code = "302"] = /^\/follow-(\d+)/.exec(path) ?? [];
      const scheme = /^\/(never|always)/.test(path) ? "https" : "http";
      const target = path.startsWith("/again") ? "/again" : "/followed";
      return { status: Number(code), headers: { location: `${scheme}://${HOST}${target}` } };
    };
    const secure = createHttpsServer(authority.issue(["second.test"]), (_request, response) => response.end("secure"));
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    stack.defer(() => void secure.close());
    bed.gateway.apply(
      together(
        service("team", "pair", [bed.upstream("a"), bed.upstream("b")]),
        service("team", "secure", [{ host: "127.0.0.1", port: listeningPort(secure) }]),
        JSON.stringify({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "authority", namespace: "team" },
          stringData: { "ca.crt": authority.cert },
        }),
        OBJECTS.replaceAll('"healthPort":8080', `"healthPort":${live.port}`),
      ),
    );
    await bed.gateway.open();
    assert.deepEqual(bed.gateway.controlPlane.snapshot.quarantined(), []);
  });
  after(async () => {
    silence.resolve({ body: "late" });
    await stack.disposeAsync();
  });
  const silence = Promise.withResolvers<{ body: string }>();

  for (const wanted of CASES)
    test(wanted.what, () => {
      bed.upstream("silent").respond = () => silence.promise;
      return bed.check(wanted);
    });

  for (const code of REDIRECT_CODES)
    test(`an upstream's ${code} is followed where it is named, and no other`, async () => {
      assert.deepEqual(
        [(await get(`/follow-${code}`)).body, bed.upstream("a").requests.at(-1)?.path],
        ["a", "/followed"],
      );
    });

  test("an upstream's redirect to another scheme is followed as the policy says", async () => {
    assert.deepEqual([(await get("/never")).status, (await get("/always")).body], [302, "a"]);
    const safe = await bed.gateway.getTls(HOST, "/safe", { ca: authority.cert });
    assert.deepEqual([safe.status, safe.body], [200, "a"]);
  });

  test("an upstream that redirects to the same route again is not followed again", async () => {
    const seen = bed.upstream("redirecting").requests.length;
    assert.equal((await get("/again")).status, 302);
    assert.equal(bed.upstream("redirecting").requests.length - seen, 2);
  });

  test("one request a minute", async () => {
    assert.deepEqual([(await get("/minute")).status, (await get("/minute")).status], [200, 429]);
  });

  test("a try that takes too long is followed by the next", async () => {
    bed.upstream("silent").respond = () => silence.promise;
    const seen = bed.upstream("silent").requests.length;
    assert.equal((await get("/per-try")).status, 504);
    assert.equal(bed.upstream("silent").requests.length - seen, 2);
  });

  test("equal query parameters, or addresses, lead to one endpoint; after a terminal one nothing more counts", async () => {
    const bodies = async (path: (request: number) => string, headers: (request: number) => Record<string, string>) => {
      const seen = new Set<string>();
      for (let request = 0; request < 30; request++) seen.add((await get(path(request), headers(request))).body);
      return seen.size;
    };
    const none = (): Record<string, string> => ({});
    assert.equal(await bodies(() => "/query?user=anna", none), 1);
    assert.equal(await bodies((request) => `/query?user=${request}`, none), 2);
    assert.equal(await bodies(() => "/source", none), 1);
    assert.equal(await bodies(() => "/terminal", none), 1);
    assert.equal(
      await bodies(
        () => "/terminal",
        (request) => ({ "x-user": String(request) }),
      ),
      2,
    );
  });

  test("a health check asks its own port", async () => {
    await until(() => live.requests.length, { accept: (count) => count > 0, what: "a check" });
    assert.equal(live.requests[0]?.path, "/live");
    await until(async () => (await get("/health-port")).status, {
      accept: (status) => status === 200,
      what: "the check",
    });
    assert.ok(!bed.upstream("a").requests.some(({ path }) => path === "/live"));
  });

  test("a certificate with one of the names is good", async () => {
    assert.deepEqual(await get("/subject-names").then(({ status, body }) => [status, body]), [200, "secure"]);
  });
});
