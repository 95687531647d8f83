import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, type RoutingCase, to } from "./support/routing-bed.ts";

const NAMES = ["a"];

const OBJECTS = together(
  proxy("policies", {
    virtualhost: {
      fqdn: "policies.test",
      corsPolicy: {
        allowOrigin: ["https://a.test", "https://.*[.]b[.]test"],
        allowMethods: ["GET", "PUT"],
        allowHeaders: ["x-a"],
        maxAge: "10m",
        allowCredentials: true,
      },
      ipDenyPolicy: [{ source: "Remote", cidr: "192.0.2.0/24" }],
    },
    routes: [
      to("a"),
      at("/nobody", { ...to("a"), ipAllowPolicy: [{ source: "Peer", cidr: "192.0.2.0/24" }] }),
      at("/local", { ...to("a"), ipAllowPolicy: [{ source: "Peer", cidr: "127.0.0.0/8" }] }),
      at("/rate", {
        ...to("a"),
        rateLimitPolicy: {
          local: {
            requests: 2,
            unit: "hour",
            responseStatusCode: 503,
            responseHeadersToAdd: [
              { name: "X-Limited", value: "yes" },
              { name: "X-For", value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% 100%" },
            ],
          },
        },
      }),
      at("/not-a-range", { ...to("a"), ipAllowPolicy: [{ source: "Peer", cidr: "everybody" }] }),
    ],
  }),
  proxy("closed", {
    virtualhost: { fqdn: "closed.test", ipAllowPolicy: [{ source: "Peer", cidr: "everybody" }] },
    routes: [to("a")],
  }),
);

const CASES: readonly RoutingCase[] = [
  {
    what: "an origin that may read",
    host: "policies.test",
    path: "/",
    options: { headers: { origin: "https://a.test" } },
    from: "a",
    answered: { "access-control-allow-origin": "https://a.test", "access-control-allow-credentials": "true" },
  },
  {
    what: "an origin by expression",
    host: "policies.test",
    path: "/",
    options: { headers: { origin: "https://x.b.test" } },
    from: "a",
    answered: { "access-control-allow-origin": "https://x.b.test" },
  },
  {
    what: "an origin that may not",
    host: "policies.test",
    path: "/",
    options: { headers: { origin: "https://evil.test" } },
    from: "a",
    answered: { "access-control-allow-origin": undefined },
  },
  {
    what: "a browser that asks first",
    host: "policies.test",
    path: "/",
    options: { method: "OPTIONS", headers: { origin: "https://a.test", "access-control-request-method": "PUT" } },
    answered: {
      "access-control-allow-methods": "GET,PUT",
      "access-control-allow-headers": "x-a",
      "access-control-max-age": "600",
    },
  },
  { what: "addresses that may not", host: "policies.test", path: "/nobody", status: 403 },
  { what: "addresses that may", host: "policies.test", path: "/local", from: "a" },
  { what: "a rule that is none lets nobody in", host: "policies.test", path: "/not-a-range", status: 503 },
  { what: "a rule of the host that is none lets nobody in", host: "closed.test", path: "/", status: 503 },
];

suite("HTTPProxy and the real Envoy: who may, and how often", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  before(async () => {
    bed = stack.use(await RoutingBed.start(NAMES));
    bed.gateway.apply(OBJECTS);
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  for (const wanted of CASES) test(wanted.what, () => bed.check(wanted));

  test("so many requests and no more, each route for itself", async () => {
    const codes: number[] = [];
    for (let request = 0; request < 4; request++) codes.push((await bed.gateway.get("policies.test", "/rate")).status);
    assert.deepEqual(codes, [200, 200, 503, 503]);
    const { headers } = await bed.gateway.get("policies.test", "/rate");
    assert.equal(headers["x-limited"], "yes");
    assert.equal(headers["x-for"], "127.0.0.1 100%");
    assert.equal((await bed.gateway.get("policies.test", "/")).status, 200);
  });
});
