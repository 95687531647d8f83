import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { together } from "./support/manifests.ts";
import { at, proxy, RoutingBed, type RoutingCase, to } from "./support/routing-bed.ts";

const NAMES = ["a", "b", "c"];

const OBJECTS = together(
  proxy("matches", {
    virtualhost: { fqdn: "matches.test" },
    routes: [
      to("a"),
      at("/text", to("b")),
      { conditions: [{ exact: "/text" }], ...to("c") },
      { conditions: [{ regex: "/v[0-9]+/.*" }], ...to("c") },
      { conditions: [{ prefix: "/headers" }, { header: { name: "X-A", present: true } }], ...to("b") },
      { conditions: [{ prefix: "/absent" }, { header: { name: "X-A", notpresent: true } }], ...to("b") },
      {
        conditions: [{ prefix: "/contains" }, { header: { name: "X-A", contains: "BET", ignoreCase: true } }],
        ...to("b"),
      },
      {
        conditions: [
          { prefix: "/contains" },
          { header: { name: "X-A", exact: "beta" } },
          { header: { name: "X-B", exact: "1" } },
        ],
        ...to("c"),
      },
      { conditions: [{ prefix: "/not" }, { header: { name: "X-A", notexact: "beta" } }], ...to("b") },
      {
        conditions: [
          { prefix: "/missing" },
          { header: { name: "X-A", notcontains: "beta", treatMissingAsEmpty: true } },
        ],
        ...to("b"),
      },
      { conditions: [{ prefix: "/regex" }, { header: { name: "X-A", regex: "a|b" } }], ...to("b") },
      { conditions: [{ prefix: "/method" }, { header: { name: ":method", exact: "POST" } }], ...to("b") },
      {
        conditions: [{ prefix: "/query" }, { queryParameter: { name: "q", exact: "x", ignoreCase: true } }],
        ...to("b"),
      },
      {
        conditions: [
          { prefix: "/query" },
          { queryParameter: { name: "p", present: true } },
          { queryParameter: { name: "s", suffix: "z" } },
        ],
        ...to("c"),
      },
    ],
  }),
  proxy("tree", {
    virtualhost: { fqdn: "tree.test" },
    includes: [
      {
        name: "api",
        namespace: "other",
        conditions: [{ prefix: "/api/" }, { header: { name: "X-Api", present: true } }],
      },
      { name: "gone", conditions: [{ prefix: "/gone" }] },
    ],
    routes: [to("a"), at("/no-service", to("nobody")), at("/some-service", to("nobody", "b"))],
  }),
  proxy(
    "api",
    {
      includes: [{ name: "deep", conditions: [{ prefix: "/deep" }] }],
      routes: [at("/v1", to("b")), { conditions: [{ exact: "/health" }], ...to("c") }],
    },
    "other",
  ),
  proxy("deep", { routes: [to("c")] }, "other"),
);

const CASES: readonly RoutingCase[] = [
  { what: "no condition takes everything", host: "matches.test", path: "/x", from: "a" },
  { what: "a prefix is a text", host: "matches.test", path: "/textual", from: "b" },
  { what: "an exact path goes before a prefix", host: "matches.test", path: "/text?x=1", from: "c" },
  { what: "a regular expression", host: "matches.test", path: "/v12/items", from: "c" },
  { what: "a regular expression takes the whole path", host: "matches.test", path: "/x/v12/items", from: "a" },
  {
    what: "a header that is there",
    host: "matches.test",
    path: "/headers",
    options: { headers: { "x-a": "1" } },
    from: "b",
  },
  { what: "a header that is not there", host: "matches.test", path: "/headers", from: "a" },
  { what: "no header asked for, and none there", host: "matches.test", path: "/absent", from: "b" },
  {
    what: "no header asked for, and one there",
    host: "matches.test",
    path: "/absent",
    options: { headers: { "x-a": "1" } },
    from: "a",
  },
  {
    what: "a part of a header in any case",
    host: "matches.test",
    path: "/contains",
    options: { headers: { "x-a": "alphabeta" } },
    from: "b",
  },
  {
    what: "more headers go before fewer",
    host: "matches.test",
    path: "/contains",
    options: { headers: { "x-a": "beta", "x-b": "1" } },
    from: "c",
  },
  { what: "not this value", host: "matches.test", path: "/not", options: { headers: { "x-a": "gamma" } }, from: "b" },
  { what: "not this value, and no header", host: "matches.test", path: "/not", from: "a" },
  { what: "not this value, and none counts as empty", host: "matches.test", path: "/missing", from: "b" },
  {
    what: "a header by expression",
    host: "matches.test",
    path: "/regex",
    options: { headers: { "x-a": "b" } },
    from: "b",
  },
  {
    what: "a header by expression takes the whole value",
    host: "matches.test",
    path: "/regex",
    options: { headers: { "x-a": "bb" } },
    from: "a",
  },
  { what: "a method", host: "matches.test", path: "/method", options: { method: "POST" }, from: "b" },
  { what: "another method", host: "matches.test", path: "/method", from: "a" },
  { what: "a query parameter in any case", host: "matches.test", path: "/query?q=X", from: "b" },
  { what: "more query parameters go before fewer", host: "matches.test", path: "/query?q=x&p&s=xyz", from: "c" },
  { what: "a query parameter that is not there", host: "matches.test", path: "/query?r=x", from: "a" },
  {
    what: "an include joins prefixes and adds headers",
    host: "tree.test",
    path: "/api/v1/x",
    options: { headers: { "x-api": "1" } },
    from: "b",
  },
  { what: "an include's header counts for its routes", host: "tree.test", path: "/api/v1/x", from: "a" },
  {
    what: "an exact path below a prefix",
    host: "tree.test",
    path: "/api/health",
    options: { headers: { "x-api": "1" } },
    from: "c",
  },
  {
    what: "an include in an include",
    host: "tree.test",
    path: "/api/deep/x",
    options: { headers: { "x-api": "1" } },
    from: "c",
  },
  {
    what: "a missing include answers 502 alone",
    host: "tree.test",
    path: "/gone/x",
    status: 502,
    body: "no upstream: the included HTTPProxy is missing\n",
  },
  {
    what: "a missing service answers 503 alone",
    host: "tree.test",
    path: "/no-service",
    status: 503,
    body: "no upstream: service not found\n",
  },
  { what: "of two services the one that stands gets all", host: "tree.test", path: "/some-service", from: "b" },
];

suite("HTTPProxy and the real Envoy: conditions and includes", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  before(async () => {
    bed = stack.use(await RoutingBed.start(NAMES));
    bed.gateway.apply(OBJECTS);
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  for (const wanted of CASES) test(wanted.what, () => bed.check(wanted));

  test("a child that changes changes its hosts alone, and one that goes leaves a 502", async () => {
    const built: string[] = [];
    const stop = bed.gateway.controlPlane.listen({ translated: ({ delta }) => built.push(...delta.built) });
    bed.gateway.apply(proxy("deep", { routes: [to("b")] }, "other"));
    await bed.gateway.settled();
    assert.deepEqual(built, ["host:tree.test", "part:other/deep"]);
    const asked = { headers: { "x-api": "1" } };
    assert.equal((await bed.gateway.get("tree.test", "/api/deep/x", asked)).body, "b");
    bed.gateway.delete({ kind: "HTTPProxy", namespace: "other", name: "deep" });
    await bed.gateway.settled();
    assert.equal((await bed.gateway.get("tree.test", "/api/deep/x", asked)).status, 502);
    assert.equal((await bed.gateway.get("tree.test", "/api/v1/x", asked)).body, "b");
    stop();
  });
});
