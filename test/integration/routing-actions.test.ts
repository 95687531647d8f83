import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { ENVOY_VARIABLES } from "#translate/httpproxy/header-policy.ts";
import { together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, type RoutingCase, to } from "./support/routing-bed.ts";

const NAMES = ["a", "redirecting", "cookies"];

const VARIABLES = [...ENVOY_VARIABLES];

const OBJECTS = together(
  proxy("actions", {
    virtualhost: { fqdn: "actions.test" },
    routes: [
      at("/redirect", {
        requestRedirectPolicy: { scheme: "https", hostname: "other.test", path: "/x", statusCode: 308 },
      }),
      at("/redirect-prefix", { requestRedirectPolicy: { prefix: "/y", port: 8080 } }),
      at("/redirect-root", { requestRedirectPolicy: { prefix: "/", hostname: "other.test" } }),
      at("/request", {
        ...to("a"),
        requestHeadersPolicy: {
          set: [
            { name: "X-First", value: "%REQ(X-None?X-Long):3%" },
            { name: "X-Path", value: "%REQ(:path)%" },
            { name: "X-No", value: "%REQ(X Long)% 100%" },
          ],
        },
      }),
      at("/variables", {
        ...to("a"),
        requestHeadersPolicy: {
          set: VARIABLES.map((name) => ({ name: `X-${name.replaceAll("_", "-")}`, value: `%${name}%` })),
        },
      }),
      at("/extremes", {
        ...to("a"),
        retryPolicy: { count: 9e9, perTryTimeout: "1ns" },
        rateLimitPolicy: { local: { requests: 9e9, burst: 9e9, unit: "hour" } },
        internalRedirectPolicy: { maxInternalRedirects: 9e9 },
        timeoutPolicy: { response: "1000000h", idle: "1000000h", idleConnection: "1000000h" },
      }),
      at("/heavy", {
        services: [
          { name: "a", port: 80, weight: 9e12 },
          { name: "cookies", port: 80, weight: 1 },
        ],
      }),
      at("/zone", { ...to("a"), ipDenyPolicy: [{ source: "Peer", cidr: "fe80::1%eth0" }] }),
      at("/long-header", { ...to("a"), requestHeadersPolicy: { set: [{ name: "x-a", value: "x".repeat(20_000) }] } }),
      at("/longest", { directResponsePolicy: { statusCode: 200, body: "x".repeat(4096) } }),
      at("/too-long", { directResponsePolicy: { statusCode: 200, body: "x".repeat(4097) } }),
      at("/direct", { directResponsePolicy: { statusCode: 418, body: "teapot" } }),
      at("/rewrite", { ...to("a"), pathRewritePolicy: { replacePrefix: [{ replacement: "/new" }] } }),
      at("/to-root", { ...to("a"), pathRewritePolicy: { replacePrefix: [{ replacement: "/" }] } }),
      at("/slash/", { ...to("a"), pathRewritePolicy: { replacePrefix: [{ replacement: "/new" }] } }),
      at("/headers", {
        ...to("a"),
        requestHeadersPolicy: {
          set: [
            { name: "X-From", value: "%CONTOUR_NAMESPACE% 100%" },
            { name: "X-Copy", value: "%REQ(X-Original)%" },
            { name: "Host", value: "inner.test" },
          ],
          remove: ["X-Secret"],
        },
        responseHeadersPolicy: { set: [{ name: "X-Frame-Options", value: "DENY" }], remove: ["X-Upstream"] },
      }),
      at("/dynamic-host", {
        ...to("a"),
        requestHeadersPolicy: { set: [{ name: "Host", value: "%REQ(X-Upstream-Host)%" }] },
      }),
      at("/service-headers", {
        services: [
          {
            name: "a",
            port: 80,
            requestHeadersPolicy: {
              set: [
                { name: "X-To", value: "%CONTOUR_SERVICE_NAME%" },
                { name: "Host", value: "service.test" },
              ],
            },
          },
        ],
      }),
      at("/cookies", {
        ...to("cookies"),
        cookieRewritePolicies: [
          {
            name: "session",
            pathRewrite: { value: "/" },
            domainRewrite: { value: "shop.test" },
            secure: true,
            sameSite: "Strict",
          },
          { name: "plain", secure: false },
        ],
      }),
      at("/follow", { ...to("redirecting"), internalRedirectPolicy: { maxInternalRedirects: 2 } }),
      at("/broken", {
        ...to("a"),
        requestHeadersPolicy: {
          set: [
            { name: "x", value: "1" },
            { name: "X", value: "2" },
          ],
        },
      }),
    ],
  }),
);

const REWRITTEN = [
  "session=1; HttpOnly; Path=/; Domain=shop.test; SameSite=Strict; Secure",
  "other=2; Path=/app",
  "plain=3",
];

const CASES: readonly RoutingCase[] = [
  {
    what: "a redirect elsewhere",
    host: "actions.test",
    path: "/redirect?q=1",
    status: 308,
    answered: { location: "https://other.test/x?q=1" },
  },
  {
    what: "a redirect of the prefix",
    host: "actions.test",
    path: "/redirect-prefix/z",
    status: 302,
    answered: { location: "http://actions.test:8080/y/z" },
  },
  {
    what: "a redirect without the prefix",
    host: "actions.test",
    path: "/redirect-root/z?q=1",
    status: 302,
    answered: { location: "http://other.test/z?q=1" },
  },
  {
    what: "a part of a request's header, and its path",
    host: "actions.test",
    path: "/request/x",
    options: { headers: { "x-long": "abcdef" } },
    from: "a",
    seen: { headers: { "x-first": "abc", "x-path": "/request/x", "x-no": "%REQ(X Long)% 100%" } },
  },
  { what: "an answer of its own", host: "actions.test", path: "/direct", status: 418, body: "teapot" },
  { what: "the longest answer of its own", host: "actions.test", path: "/longest", body: "x".repeat(4096) },
  { what: "an answer that is too long", host: "actions.test", path: "/too-long", status: 503 },
  {
    what: "every variable that is let through is one",
    host: "actions.test",
    path: "/variables",
    from: "a",
    seen: { headers: { "x-protocol": "HTTP/1.1", "x-downstream-remote-address-without-port": "127.0.0.1" } },
  },
  { what: "numbers beyond Envoy's", host: "actions.test", path: "/extremes", from: "a" },
  { what: "weights beyond Envoy's", host: "actions.test", path: "/heavy", from: "a" },
  { what: "an address of one machine alone", host: "actions.test", path: "/zone", status: 503 },
  { what: "a header that is too long", host: "actions.test", path: "/long-header", status: 503 },
  { what: "a prefix replaced", host: "actions.test", path: "/rewrite/x?q=1", from: "a", seen: { path: "/new/x?q=1" } },
  {
    what: "a prefix replaced, the path is all of it",
    host: "actions.test",
    path: "/rewrite",
    from: "a",
    seen: { path: "/new" },
  },
  { what: "a prefix taken away", host: "actions.test", path: "/to-root/x", from: "a", seen: { path: "/x" } },
  {
    what: "a prefix taken away, the path is all of it",
    host: "actions.test",
    path: "/to-root",
    from: "a",
    seen: { path: "/" },
  },
  {
    what: "a prefix with a slash replaced",
    host: "actions.test",
    path: "/slash/x",
    from: "a",
    seen: { path: "/new/x" },
  },
  {
    what: "headers set and removed",
    host: "actions.test",
    path: "/headers",
    options: { headers: { "x-secret": "1", "x-original": "o" } },
    from: "a",
    seen: { headers: { "x-from": "team 100%", "x-copy": "o", "x-secret": undefined, host: "inner.test" } },
    answered: { "x-frame-options": "DENY", "x-upstream": undefined },
  },
  {
    what: "the host from another header",
    host: "actions.test",
    path: "/dynamic-host",
    options: { headers: { "x-upstream-host": "other.test" } },
    from: "a",
    seen: { headers: { host: "other.test" } },
  },
  {
    what: "headers of a service",
    host: "actions.test",
    path: "/service-headers",
    from: "a",
    seen: { headers: { "x-to": "a", host: "service.test" } },
  },
  {
    what: "cookies rewritten by name",
    host: "actions.test",
    path: "/cookies",
    from: "cookies",
    answered: { "set-cookie": REWRITTEN },
  },
  { what: "a route that is not valid answers 503", host: "actions.test", path: "/broken", status: 503 },
];

suite("HTTPProxy and the real Envoy: what becomes of requests", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  before(async () => {
    bed = stack.use(await RoutingBed.start(NAMES));
    bed.upstream("redirecting").respond = () => ({
      status: 302,
      headers: { location: "http://actions.test/rewrite/followed" },
    });
    bed.upstream("cookies").respond = () => ({
      body: "cookies",
      headers: {
        "set-cookie": ["session=1; Path=/app; HttpOnly; SameSite=Lax", "other=2; Path=/app", "plain=3; Secure"],
      },
    });
    bed.gateway.apply(OBJECTS);
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  for (const wanted of CASES) test(wanted.what, () => bed.check(wanted));

  test("a redirect of the upstream is followed, and the client does not see it", async () => {
    const { status, body } = await bed.gateway.get("actions.test", "/follow");
    assert.deepEqual([status, body], [200, "a"]);
    assert.equal(bed.upstream("a").requests.at(-1)?.path, "/new/followed");
  });
});
