import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { certificateAuthority } from "./support/certificate.ts";
import { GrpcService } from "./support/grpc-service.ts";
import { service, slices, together } from "./support/manifests.ts";
import { extension, proxy, RoutingBed, to } from "./support/routing-bed.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const CHECK = {
  proto: "envoy/service/auth/v3/external_auth.proto",
  service: "envoy.service.auth.v3.Authorization",
  method: "Check",
  request: "envoy.service.auth.v3.CheckRequest",
  response: "envoy.service.auth.v3.CheckResponse",
};
const SHOULD_RATE_LIMIT = {
  proto: "envoy/service/ratelimit/v3/rls.proto",
  service: "envoy.service.ratelimit.v3.RateLimitService",
  method: "ShouldRateLimit",
  request: "envoy.service.ratelimit.v3.RateLimitRequest",
  response: "envoy.service.ratelimit.v3.RateLimitResponse",
};

const authority = certificateAuthority("extensions");
const allow = (): Promise<GrpcService> => GrpcService.start(CHECK, () => ({ status: { code: 0 } }));

suite("HTTPProxy and the real Envoy: several Services of an ExtensionService", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;

  before(async () => {
    const rateLimit = { namespace: "auth", name: "limits", domain: "shop", failOpen: false, headers: false };
    const proxies = { rootNamespaces: [], permitInsecure: true, rateLimit: { ...rateLimit, resourceExhausted: false } };
    bed = stack.use(await RoutingBed.start(["a"], { settings: { proxies } }));
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  /** A host that is asked for at an ExtensionService of its name. */
  const host = (name: string, more: object = {}): string =>
    proxy(name, {
      virtualhost: {
        fqdn: `${name}.test`,
        authorization: { extensionRef: { name, namespace: "auth" }, responseTimeout: "10s", ...more },
      },
      routes: [to("a")],
    });

  /** The codes of so many requests, one after the other, each once. */
  async function codes(name: string, count: number): Promise<readonly number[]> {
    const seen = new Set<number>();
    for (let left = count; left > 0; left--) seen.add((await bed.gateway.get(`${name}.test`, "/")).status);
    return [...seen];
  }

  /** How many questions each of two servers got while `ask` ran. */
  async function asked(servers: readonly { readonly requests: readonly unknown[] }[], ask: () => Promise<unknown>) {
    const before = servers.map(({ requests }) => requests.length);
    await ask();
    return servers.map(({ requests }, index) => requests.length - before[index]!);
  }

  test("each gets its part; other weights change no cluster, and without any all get the same", async () => {
    await using three = await allow();
    await using one = await allow();
    const weighted = (first: number, second: number): string =>
      extension("weighted", "h2c", [
        { name: "w-three", weight: first },
        { name: "w-one", weight: second },
      ]);
    bed.gateway.apply(
      together(service("auth", "w-three", [three]), service("auth", "w-one", [one]), weighted(3, 1), host("weighted")),
    );
    await bed.gateway.settled();
    const share = async (): Promise<number> => {
      const [first = 0, second = 0] = await asked([three, one], async () =>
        assert.deepEqual(await codes("weighted", 200), [200]),
      );
      assert.equal(first + second, 200);
      return first / 200;
    };
    const measured = await share();
    assert.ok(Math.abs(measured - 0.75) <= 0.02, `share ${measured}`);
    const { snapshot } = bed.gateway.controlPlane;
    const name = snapshot.names("cluster").find((cluster) => cluster.startsWith("local/auth/w-three/80~")) ?? "";
    const cluster = snapshot.get("cluster", name);
    const virtualHost = snapshot.get("virtualHost", "http/weighted.test");
    bed.gateway.apply(weighted(1, 4));
    await bed.gateway.settled();
    const after = await share();
    assert.ok(Math.abs(after - 0.2) <= 0.02, `share ${after}`);
    bed.gateway.apply(weighted(0, 0));
    await bed.gateway.settled();
    const even = await share();
    assert.ok(Math.abs(even - 0.5) <= 0.02, `share ${even}`);
    assert.equal(snapshot.get("cluster", name)?.version, cluster?.version);
    assert.equal(snapshot.get("virtualHost", "http/weighted.test")?.version, virtualHost?.version);
  });

  test("of one whose server dies, without endpoints, or that is missing, the other answers everything", async () => {
    await using stays = await allow();
    const dies = await allow();
    const [dying, standing] = [service("auth", "g-dies", [dies]), service("auth", "g-stays", [stays])];
    const both = extension("dying", "h2c", [
      { name: "g-dies", weight: 3 },
      { name: "g-stays", weight: 1 },
    ]);
    bed.gateway.apply(together(dying, standing, both, host("dying")));
    await bed.gateway.settled();
    const [first = 0] = await asked([dies], () => codes("dying", 20));
    assert.ok(first > 0);
    await dies[Symbol.asyncDispose]();
    assert.deepEqual(await codes("dying", 40), [200]);
    bed.gateway.delete({ kind: "EndpointSlice", namespace: "auth", name: "g-dies-0" });
    await bed.gateway.settled();
    assert.deepEqual(await asked([stays], () => codes("dying", 20)), [20]);
    bed.gateway.delete({ kind: "Service", namespace: "auth", name: "g-dies" });
    await bed.gateway.settled();
    assert.deepEqual(await asked([stays], () => codes("dying", 20)), [20]);
  });

  test("asked by HTTP, too", async () => {
    const respond = () => ({ status: 200 });
    await using stays = await Upstream.start({ respond });
    const dies = await Upstream.start({ respond });
    const both = extension("web", "http/1.1", [
      { name: "h-dies", weight: 3 },
      { name: "h-stays", weight: 1 },
    ]);
    bed.gateway.apply(
      together(
        service("auth", "h-dies", [dies]),
        service("auth", "h-stays", [stays]),
        both,
        host("web", { serviceType: "http" }),
      ),
    );
    await bed.gateway.settled();
    const shares = await asked([dies, stays], () => codes("web", 100));
    assert.ok(Math.abs(shares[0]! - 75) <= 2, String(shares));
    await dies[Symbol.asyncDispose]();
    assert.deepEqual(await asked([stays], async () => assert.deepEqual(await codes("web", 40), [200])), [40]);
  });

  test("where nobody has an endpoint nobody passes, unless the host says otherwise; one who comes is asked", async () => {
    await using comes = await allow();
    const open = host("open", { extensionRef: { name: "empty", namespace: "auth" }, failOpen: true });
    const both = extension("empty", "h2c", [{ name: "e-first" }, { name: "e-second" }]);
    bed.gateway.apply(
      together(service("auth", "e-first", []), service("auth", "e-second", []), both, host("empty"), open),
    );
    await bed.gateway.settled();
    assert.deepEqual([await codes("empty", 1), await codes("open", 1)], [[403], [200]]);
    const built: string[] = [];
    const stop = bed.gateway.controlPlane.listen({ translated: ({ delta }) => built.push(...delta.built) });
    bed.gateway.apply(slices("auth", "e-second", [comes]));
    await bed.gateway.settled();
    stop();
    assert.deepEqual(built, [
      'upstream:local/auth/e-first/80 {"extension":{"name":"empty","namespace":"auth"},"protocol":"h2c"}',
    ]);
    assert.deepEqual(await asked([comes], () => codes("empty", 3)), [3]);
    for (const name of ["e-first", "e-second"]) bed.gateway.delete({ kind: "Service", namespace: "auth", name });
    await bed.gateway.settled();
    assert.deepEqual([await codes("empty", 1), await codes("open", 1)], [[503], [503]], "nobody is left to be asked");
  });

  test("one whose certificate is none of those that are asked for is not asked, and the others are", async () => {
    const secure = (name: string): Promise<GrpcService> =>
      GrpcService.start(CHECK, () => ({ status: { code: 0 } }), authority.issue([name]));
    await using good = await secure("second.test");
    await using wrong = await secure("wrong.test");
    const validation = {
      caSecret: "authority",
      subjectName: "first.test",
      subjectNames: ["first.test", "second.test"],
    };
    const metadata = { name: "authority", namespace: "auth" };
    bed.gateway.apply(
      together(
        JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata, stringData: { "ca.crt": authority.cert } }),
        service("auth", "s-wrong", [wrong]),
        service("auth", "s-good", [good]),
        extension("verified", "h2", [{ name: "s-wrong" }, { name: "s-good" }], { validation, protocolVersion: "v3" }),
        extension("unverified", "h2", [{ name: "s-wrong" }], { validation }),
        host("verified"),
        host("unverified"),
      ),
    );
    await bed.gateway.settled();
    assert.deepEqual([await codes("verified", 20), await codes("unverified", 1)], [[200], [403]]);
    assert.deepEqual([wrong.requests.length, good.requests.length], [0, 20]);
  });

  test("its limits are for all of its Services together", async () => {
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    await using first = await GrpcService.start(CHECK, () => promise);
    await using second = await GrpcService.start(CHECK, () => promise);
    bed.gateway.apply(
      together(
        service("auth", "c-first", [first]),
        service("auth", "c-second", [second]),
        extension("limited-asks", "h2c", [{ name: "c-first" }, { name: "c-second" }], {
          circuitBreakerPolicy: { maxRequests: 1 },
          loadBalancerPolicy: { strategy: "Random" },
          timeoutPolicy: { idleConnection: "30s" },
        }),
        host("limited-asks"),
      ),
    );
    await bed.gateway.settled();
    const waits = bed.gateway.get("limited-asks.test", "/");
    await until(() => first.requests.length + second.requests.length, {
      accept: (count) => count === 1,
      what: "the first question",
    });
    assert.equal((await bed.gateway.get("limited-asks.test", "/")).status, 403);
    resolve({ status: { code: 0 } });
    assert.equal((await waits).status, 200);
  });

  test("the rate-limit service, too, and no listener changes with its weights or endpoints", async () => {
    const limits = (): Promise<GrpcService> => GrpcService.start(SHOULD_RATE_LIMIT, () => ({ overall_code: "OK" }));
    await using stays = await limits();
    const dies = await limits();
    // Its own limit is a quarter of a second, which is no measure of a busy machine.
    const patient = { timeoutPolicy: { response: "10s" } };
    const both = (first: number): string =>
      extension(
        "limits",
        "h2c",
        [
          { name: "l-dies", weight: first },
          { name: "l-stays", weight: 1 },
        ],
        patient,
      );
    const limit = { global: { descriptors: [{ entries: [{ remoteAddress: {} }] }] } };
    bed.gateway.apply(
      together(
        service("auth", "l-dies", [dies]),
        service("auth", "l-stays", [stays]),
        both(3),
        proxy("limited", { virtualhost: { fqdn: "limited.test", rateLimitPolicy: limit }, routes: [to("a")] }),
      ),
    );
    await bed.gateway.settled();
    const { snapshot } = bed.gateway.controlPlane;
    const listener = snapshot.get("listener", "http")?.version;
    const shares = await asked([dies, stays], () => codes("limited", 100));
    assert.ok(Math.abs(shares[0]! - 75) <= 2, String(shares));
    bed.gateway.apply(both(1));
    await bed.gateway.settled();
    await dies[Symbol.asyncDispose]();
    assert.deepEqual(await asked([stays], async () => assert.deepEqual(await codes("limited", 20), [200])), [20]);
    assert.equal(snapshot.get("listener", "http")?.version, listener);
  });
});
