import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { AnswerShares } from "./support/answer-shares.ts";
import { freePorts } from "./support/free-port.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, slices, together } from "./support/manifests.ts";
import { at, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const CHECKED = {
  "binnacle.dev/health-check-path": "/live",
  "binnacle.dev/health-check-interval": "50ms",
  "binnacle.dev/health-check-timeout": "30s",
  "binnacle.dev/health-check-healthy-threshold": "1",
  "binnacle.dev/health-check-unhealthy-threshold": "1",
};
const FAILOVER = "binnacle.dev/failover";

suite("upstreams that take over, and the real Envoy", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  before(async () => {
    gateway = stack.use(await Gateway.start());
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  /** Upstreams that answer with a name, as endpoints of a Service of namespace `team`. */
  const serve = async (
    name: string,
    count: number,
    annotations: Readonly<Record<string, string>> = {},
    backend = "local",
  ): Promise<Upstream[]> => {
    const upstreams = await Promise.all(
      // Ports that nobody else takes while the upstream is dead.
      (await freePorts(count)).map(async (port) =>
        stack.use(await Upstream.start({ port, respond: () => ({ body: name }) })),
      ),
    );
    gateway.apply(service("team", name, upstreams, annotations, { "gimbal.projectcontour.io/backend": backend }));
    return upstreams;
  };
  const load = (host: string, connections = 4): AnswerShares =>
    new AnswerShares({ port: gateway.httpPort, host, connections });

  const kinds: readonly (readonly [kind: string, manifest: (host: string, first: string, second: string) => string])[] =
    [
      [
        "an Ingress",
        (host, first, second) =>
          ingress("team", first, host, first, { annotations: { [FAILOVER]: `${first} > ${second}` } }),
      ],
      [
        "an HTTPProxy",
        (host, first, second) =>
          proxied("HTTPProxy", "projectcontour.io/v1", host, { [FAILOVER]: `${first} > ${second}` }, [
            at("/", to(first)),
          ]),
      ],
      [
        "an IngressRoute",
        (host, first, second) =>
          proxied("IngressRoute", "contour.heptio.com/v1beta1", host, { [FAILOVER]: `${first} > ${second}` }, [
            { match: "/", ...to(first) },
          ]),
      ],
    ];
  for (const [index, [kind, manifest]] of kinds.entries()) {
    test(`${kind}: endpoints are killed under load, another Service takes over, and gives back`, async (t) => {
      const [first, second] = [`first-${index}`, `second-${index}`];
      const upstreams = await serve(first, 2, CHECKED);
      await serve(second, 1);
      gateway.apply(manifest(`${first}.test`, first, second));
      await gateway.settled();
      await using answers = load(`${first}.test`);
      await answers.only(first);
      // What they have been sent when they die is lost, and nothing else.
      let held = 0;
      const never = new Promise<never>(() => {});
      for (const upstream of upstreams)
        upstream.respond = ({ path }) => (path === "/" && held++ < 2 ? never : { body: first });
      await until(() => held >= 2, { what: "two requests that are under way" });
      await Promise.all(upstreams.map((upstream) => upstream[Symbol.asyncDispose]()));
      await answers.only(second);
      assert.ok(answers.lost.length >= 2 && answers.lost.length <= 4, answers.lost.join("\n"));
      for (const words of answers.lost) assert.match(words, /^503 .*reset.*connection termination/, "sent before");
      t.diagnostic(`lost: ${answers.lost.length} of ${answers.requests}, all sent to endpoints before they died`);
      const before = answers.lost.length;
      for (const { port } of upstreams) stack.use(await Upstream.start({ port, respond: () => ({ body: first }) }));
      await answers.only(first);
      assert.equal(answers.lost.length, before, "giving back loses nothing");
    });
  }

  test("without health checks: refused connections are tried at the next, and then left alone", async () => {
    const upstreams = await serve("found", 3);
    await serve("spare", 1);
    gateway.apply(ingress("team", "found", "found.test", "found", { annotations: { [FAILOVER]: "found > spare" } }));
    await gateway.settled();
    await Promise.all(upstreams.map((upstream) => upstream[Symbol.asyncDispose]()));
    // So many at once that a budget for retries would count.
    await using answers = load("found.test", 100);
    await answers.only("spare");
    assert.deepEqual(answers.lost, []);
    const ejected = async (): Promise<number> =>
      (await gateway.admin("/clusters")).match(/found\/80~[^\n]*failed_outlier_check/g)?.length ?? 0;
    await until(ejected, { accept: (count) => count === 3, what: "all three to be ejected" });
    assert.deepEqual(Object.keys(await answers.next(100)), ["spare"]);
    for (const { port } of upstreams) stack.use(await Upstream.start({ port, respond: () => ({ body: "found" }) }));
    await answers.only("found");
    assert.deepEqual(answers.lost, []);
  });

  test("as many as are healthy keep their share: 5 of 7, not less, are enough for all", async (t) => {
    const upstreams = await serve("many", 4, CHECKED);
    await serve("few", 1);
    gateway.apply(ingress("team", "many", "many.test", "many", { annotations: { [FAILOVER]: "many > few" } }));
    await gateway.settled();
    await using answers = load("many.test");
    await answers.only("many");
    const shares: string[] = [];
    for (const [dead, share] of [
      [1, 1],
      [2, 0.7],
      [3, 0.35],
      [4, 0],
    ] as const) {
      for (const upstream of upstreams.slice(0, dead))
        upstream.respond = ({ path }) => (path === "/live" ? { status: 503 } : { body: "many" });
      const failing = async (): Promise<number> =>
        (await gateway.admin("/clusters")).match(/many\/80~[^\n]*failed_active_hc/g)?.length ?? 0;
      await until(failing, { accept: (count) => count === dead, what: `${dead} endpoints to fail` });
      const { many = 0, few = 0 } = await answers.next(1_000);
      assert.equal(many + few, 1_000);
      shares.push(`${dead} of 4 dead: ${many / 10} %`);
      // Five standard deviations of a thousand draws.
      assert.ok(Math.abs(many / 1_000 - share) < 0.08, shares.join(", "));
    }
    t.diagnostic(shares.join(", "));
    assert.deepEqual(answers.lost, []);
  });

  test("a chain that comes and goes, a Service without ready endpoints, and one that is deleted, cost no request", async () => {
    const upstreams = await serve("ready", 1);
    await serve("other", 1);
    gateway.apply(ingress("team", "ready", "ready.test", "ready"));
    await gateway.settled();
    await using answers = load("ready.test");
    await answers.only("ready");
    gateway.apply(ingress("team", "ready", "ready.test", "ready", { annotations: { [FAILOVER]: "ready > other" } }));
    await gateway.settled();
    gateway.apply(
      slices("team", "ready", upstreams).replaceAll(/\{"addresses"/g, '{"conditions":{"ready":false},"addresses"'),
    );
    await answers.only("other");
    gateway.apply(slices("team", "ready", upstreams));
    await answers.only("ready");
    gateway.delete({ kind: "Service", namespace: "team", name: "ready" });
    await answers.only("other");
    gateway.apply(service("team", "ready", upstreams));
    await answers.only("ready");
    gateway.apply(ingress("team", "ready", "ready.test", "ready"));
    await gateway.settled();
    await answers.only("ready");
    assert.deepEqual(answers.lost, []);
  });

  test("two Services with weights that take over from each other", async () => {
    const [east] = await Promise.all([serve("east", 1, CHECKED), serve("west", 1, CHECKED)]);
    const services = [
      { name: "east", port: 80, weight: 70 },
      { name: "west", port: 80, weight: 30 },
    ];
    gateway.apply(
      proxied("HTTPProxy", "projectcontour.io/v1", "both.test", { [FAILOVER]: "east > west, west > east" }, [
        at("/", { services }),
      ]),
    );
    await gateway.settled();
    await using answers = load("both.test");
    await answers.only("east", "west");
    const shares = await answers.next(2_000);
    assert.ok(Math.abs((shares["east"] ?? 0) - 1_400) < 120, JSON.stringify(shares));
    await Promise.all(east.map((upstream) => upstream[Symbol.asyncDispose]()));
    await answers.only("west");
    for (const words of answers.lost) assert.match(words, /connection termination/);
  });

  test("a preferred backend comes first, its weights counting, and is left when it fails", async () => {
    const [near] = await Promise.all([
      serve("near", 1, CHECKED, "near"),
      serve("near-two", 1, CHECKED, "near"),
      serve("far", 1, CHECKED, "far"),
    ]);
    const services = [
      { name: "far", port: 80, weight: 90 },
      { name: "near", port: 80, weight: 5 },
      { name: "near-two", port: 80, weight: 5 },
    ];
    const annotations = { "binnacle.dev/prefer-backends": "near" };
    gateway.apply(proxied("HTTPProxy", "projectcontour.io/v1", "near.test", annotations, [at("/", { services })]));
    await gateway.settled();
    await using answers = load("near.test");
    await answers.only("near", "near-two");
    await Promise.all(near.map((upstream) => upstream[Symbol.asyncDispose]()));
    // Each of the two has its own share, and that of the dead one goes to what comes after it.
    await answers.only("far", "near-two");
  });

  test("endpoints of a preferred zone come first, others when they fail", async () => {
    const zones = { a: await serve("a", 2), b: await serve("b", 1) };
    gateway.apply(service("team", "zoned", [], { ...CHECKED, "binnacle.dev/prefer-zones": "a" }));
    gateway.apply(
      together(
        ...Object.entries(zones).map(([zone, upstreams]) =>
          slices("team", "zoned", upstreams)
            .replaceAll("name: zoned-", `name: zoned-${zone}-`)
            .replaceAll('{"addresses"', `{"zone":"${zone}","addresses"`),
        ),
        ingress("team", "zoned", "zoned.test", "zoned"),
      ),
    );
    await gateway.settled();
    await using answers = load("zoned.test");
    await answers.only("a");
    const [first] = zones.a;
    for (const upstream of zones.a)
      upstream.respond = ({ path }) => ({ status: path === "/live" ? 503 : 200, body: "a" });
    await answers.only("b");
    assert.ok(first !== undefined);
    // Half of them is 70 % of the requests.
    first.respond = () => ({ body: "a" });
    await answers.only("a", "b");
    for (const upstream of zones.a) upstream.respond = () => ({ body: "a" });
    await answers.only("a");
    assert.deepEqual(answers.lost, []);
  });
});

/** An object with routes for a host. */
function proxied(
  kind: string,
  apiVersion: string,
  host: string,
  annotations: Readonly<Record<string, string>>,
  routes: readonly object[],
): string {
  const metadata = { name: host, namespace: "team", annotations };
  return JSON.stringify({ apiVersion, kind, metadata, spec: { virtualhost: { fqdn: host }, routes } });
}
