import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { RoutingBed, to, type RoutingCase } from "./support/routing-bed.ts";

const NAMES = ["web", "cart", "pay"] as const;

/** An IngressRoute of namespace `team` unless told otherwise. */
function ingressRoute(name: string, spec: object, namespace = "team"): string {
  const metadata = { name, namespace };
  return JSON.stringify({ apiVersion: "contour.heptio.com/v1beta1", kind: "IngressRoute", metadata, spec });
}

const OBJECTS = [
  ingressRoute("root", {
    virtualhost: { fqdn: "shop.test" },
    routes: [
      { match: "/", ...to("web") },
      { match: "/app", prefixRewrite: "/", ...to("web") },
      { match: "/cart", delegate: { name: "cart", namespace: "other" } },
      { match: "/gone", delegate: { name: "nobody" } },
      { match: "/absent", ...to("nobody") },
    ],
  }),
  ingressRoute(
    "cart",
    {
      routes: [
        { match: "/cart", ...to("cart") },
        { match: "/cart/pay", ...to("pay") },
        { match: "/elsewhere", ...to("pay") },
      ],
    },
    "other",
  ),
];

const CASES: readonly RoutingCase[] = [
  { what: "a root's own route", host: "shop.test", path: "/x?y=1", from: "web", seen: { path: "/x?y=1" } },
  { what: "a delegated prefix", host: "shop.test", path: "/cart/1", from: "cart", seen: { path: "/cart/1" } },
  { what: "the longer prefix below it", host: "shop.test", path: "/cart/pay", from: "pay" },
  { what: "a prefix that is rewritten", host: "shop.test", path: "/app/x", from: "web", seen: { path: "/x" } },
  { what: "nobody takes what was not delegated", host: "shop.test", path: "/elsewhere", from: "web" },
  { what: "a delegation to nobody", host: "shop.test", path: "/gone", status: 502 },
  { what: "a Service that is missing", host: "shop.test", path: "/absent", status: 503 },
];

suite("IngressRoute and the real Envoy", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  before(async () => {
    bed = stack.use(await RoutingBed.start(NAMES));
    for (const object of OBJECTS) bed.gateway.apply(object);
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  for (const wanted of CASES) test(wanted.what, () => bed.check(wanted));

  test("what was missing is delegated to when it comes, and a change costs its host alone", async () => {
    const built: string[] = [];
    const stop = bed.gateway.controlPlane.listen({ translated: ({ delta }) => built.push(...delta.built) });
    bed.gateway.apply(ingressRoute("nobody", { routes: [{ match: "/gone", ...to("pay") }] }));
    await bed.gateway.settled();
    stop();
    assert.deepEqual(
      new Set(built),
      new Set(["host:shop.test", "part:team/nobody/IngressRoute", "upstream:local/team/pay/80"]),
    );
    await bed.check({ what: "now", host: "shop.test", path: "/gone", from: "pay" });
  });

  test("an HTTPProxy takes over its host when it goes", async () => {
    const proxy = {
      apiVersion: "projectcontour.io/v1",
      kind: "HTTPProxy",
      metadata: { name: "root", namespace: "team" },
    };
    const spec = { virtualhost: { fqdn: "shop.test" }, routes: [to("pay")] };
    bed.gateway.apply(JSON.stringify({ ...proxy, spec }));
    await bed.gateway.settled();
    await bed.check({ what: "before", host: "shop.test", path: "/x", from: "web" });
    bed.gateway.delete({ kind: "IngressRoute", namespace: "team", name: "root" });
    await bed.gateway.settled();
    await bed.check({ what: "after", host: "shop.test", path: "/x", from: "pay" });
  });
});
