import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { HttpOptions } from "./support/http-get.ts";
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
      ...Array.from("defghijk", (value) => ({
        conditions: [{ prefix: "/narrow" }, { header: { name: "X-A", exact: value } }],
        ...to("b"),
      })),
      { conditions: [{ prefix: "/narrow" }, { header: { name: "X-A", present: true } }], ...to("c") },
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
      routes: [
        at("/v1", to("b")),
        { conditions: [{ exact: "/health" }], ...to("c") },
        { conditions: [{ regex: "/this|/that" }], ...to("c") },
      ],
    },
    "other",
  ),
  proxy("deep", { routes: [to("c")] }, "other"),
);

/** A request that reaches the upstream `from`; the address is host and path. */
function taken(from: string, what: string, address: string, options: HttpOptions = {}): RoutingCase {
  const slash = address.indexOf("/");
  return { what, host: address.slice(0, slash), path: address.slice(slash), options, from };
}

const CASES: readonly RoutingCase[] = [
  taken("a", "no condition takes everything", "matches.test/x"),
  taken("b", "a prefix is a text", "matches.test/textual"),
  taken("c", "an exact path goes before a prefix", "matches.test/text?x=1"),
  taken("c", "a regular expression", "matches.test/v12/items"),
  taken("a", "a regular expression takes the whole path", "matches.test/x/v12/items"),
  taken("b", "a header that is there", "matches.test/headers", { headers: { "x-a": "1" } }),
  taken("a", "a header that is not there", "matches.test/headers"),
  taken("b", "no header asked for, and none there", "matches.test/absent"),
  taken("a", "no header asked for, and one there", "matches.test/absent", { headers: { "x-a": "1" } }),
  taken("b", "a part of a header in any case", "matches.test/contains", { headers: { "x-a": "alphabeta" } }),
  taken("c", "more headers go before fewer", "matches.test/contains", { headers: { "x-a": "beta", "x-b": "1" } }),
  taken("b", "not this value", "matches.test/not", { headers: { "x-a": "gamma" } }),
  taken("a", "not this value, and no header", "matches.test/not"),
  taken("b", "not this value, and none counts as empty", "matches.test/missing"),
  taken("b", "a header by expression", "matches.test/regex", { headers: { "x-a": "b" } }),
  taken("a", "a header by expression takes the whole value", "matches.test/regex", { headers: { "x-a": "bb" } }),
  ...Array.from("defghijk", (value) =>
    taken("b", `the header ${value} goes before any`, "matches.test/narrow", { headers: { "x-a": value } }),
  ),
  taken("c", "any header takes the rest", "matches.test/narrow", { headers: { "x-a": "other" } }),
  taken("b", "a method", "matches.test/method", { method: "POST" }),
  taken("a", "another method", "matches.test/method"),
  taken("b", "a query parameter in any case", "matches.test/query?q=X"),
  taken("c", "more query parameters go before fewer", "matches.test/query?q=x&p&s=xyz"),
  taken("a", "a query parameter that is not there", "matches.test/query?r=x"),
  taken("b", "an include joins prefixes and adds headers", "tree.test/api/v1/x", { headers: { "x-api": "1" } }),
  taken("a", "an include's header counts for its routes", "tree.test/api/v1/x"),
  taken("c", "an exact path below a prefix", "tree.test/api/health", { headers: { "x-api": "1" } }),
  taken("c", "an expression below a prefix", "tree.test/api/this", { headers: { "x-api": "1" } }),
  taken("c", "its other part, too", "tree.test/api/that", { headers: { "x-api": "1" } }),
  taken("a", "no part of it is beside the prefix", "tree.test/that", { headers: { "x-api": "1" } }),
  taken("c", "an include in an include", "tree.test/api/deep/x", { headers: { "x-api": "1" } }),
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
  taken("b", "of two services the one that stands gets all", "tree.test/some-service"),
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
