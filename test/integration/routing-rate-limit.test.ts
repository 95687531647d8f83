import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { GrpcService } from "./support/grpc-service.ts";
import { service, together } from "./support/manifests.ts";
import { at, extension, proxy, RoutingBed, to } from "./support/routing-bed.ts";

const SHOULD_RATE_LIMIT = {
  proto: "envoy/service/ratelimit/v3/rls.proto",
  service: "envoy.service.ratelimit.v3.RateLimitService",
  method: "ShouldRateLimit",
  request: "envoy.service.ratelimit.v3.RateLimitRequest",
  response: "envoy.service.ratelimit.v3.RateLimitResponse",
};

interface RateLimitRequest {
  readonly domain: string;
  readonly descriptors: readonly { readonly entries: readonly { readonly key: string; readonly value: string }[] }[];
}

const limit = (...entries: readonly object[]): object => ({ global: { descriptors: [{ entries }] } });

suite("HTTPProxy and the real Envoy: limits that a service watches", () => {
  const stack = new AsyncDisposableStack();
  let bed: RoutingBed;
  let limits: GrpcService;

  /** What was asked since the last look: domain, and each descriptor's entries. */
  const asked = (): readonly string[] =>
    limits.requests.splice(0).map((request) => {
      const { domain, descriptors } = request as unknown as RateLimitRequest;
      return `${domain} ${descriptors.map(({ entries }) => entries.map(({ key, value }) => `${key}=${value}`).join(",")).join(" ")}`;
    });

  /** Asks for a path of shop.test: an upstream's name for its answer, or a status. */
  const ask = (path: string, outcome: string | number, headers: Readonly<Record<string, string>> = {}): Promise<void> =>
    bed.check({
      what: "",
      host: "shop.test",
      path,
      options: { headers },
      ...(typeof outcome === "string" ? { from: outcome } : { status: outcome }),
    });

  before(async () => {
    const rateLimit = { namespace: "auth", name: "limits", domain: "shop", failOpen: false, headers: false };
    const proxies = { rootNamespaces: [], permitInsecure: true, rateLimit: { ...rateLimit, resourceExhausted: false } };
    bed = stack.use(await RoutingBed.start(["a"], { settings: { proxies } }));
    limits = stack.use(
      await GrpcService.start(SHOULD_RATE_LIMIT, (request) => {
        const isOver = JSON.stringify((request as unknown as RateLimitRequest).descriptors).includes("greedy");
        return { overall_code: isOver ? "OVER_LIMIT" : "OK" };
      }),
    );
    const routes = [
      to("a"),
      at("/own", {
        ...to("a"),
        rateLimitPolicy: limit(
          { genericKey: { key: "plan", value: "free" } },
          { requestHeader: { headerName: "X-User", descriptorKey: "user" } },
        ),
      }),
      at("/off", { ...to("a"), rateLimitPolicy: { global: { disabled: true } } }),
      at("/match", {
        ...to("a"),
        rateLimitPolicy: limit({
          requestHeaderValueMatch: { headers: [{ name: "X-Plan", exact: "free" }], value: "greedy" },
        }),
      }),
      at("/no-match", {
        ...to("a"),
        rateLimitPolicy: limit({
          requestHeaderValueMatch: {
            headers: [{ name: "X-Plan", exact: "paid" }],
            expectMatch: false,
            value: "greedy",
          },
        }),
      }),
    ];
    bed.gateway.apply(
      together(
        service("auth", "limits", [limits]),
        // Its own limit is a quarter of a second, which is no measure of a busy machine.
        extension("limits", "h2c", undefined, { timeoutPolicy: { response: "10s" } }),
        proxy("shop", { virtualhost: { fqdn: "shop.test", rateLimitPolicy: limit({ remoteAddress: {} }) }, routes }),
        proxy("free", { virtualhost: { fqdn: "free.test" }, routes: [to("a")] }),
      ),
    );
    await bed.gateway.open();
  });
  after(() => stack.disposeAsync());

  test("a host's limit is for its routes, and a host without one is not asked about", async () => {
    await ask("/", "a");
    await bed.check({ what: "", host: "free.test", path: "/", from: "a" });
    assert.deepEqual(asked(), ["shop remote_address=127.0.0.1"]);
  });

  test("a route's own counts in place of the host's, and it may be without", async () => {
    await ask("/own", "a", { "x-user": "anna" });
    await ask("/off", "a");
    assert.deepEqual(asked(), ["shop plan=free,user=anna"]);
  });

  test("who is over the limit gets 429, and the upstream nothing", async () => {
    await ask("/own", 429, { "x-user": "greedy" });
    await ask("/match", 429, { "x-plan": "free" });
    await ask("/match", "a", { "x-plan": "paid" });
    await ask("/no-match", 429, { "x-plan": "free" });
    await ask("/no-match", "a", { "x-plan": "paid" });
    assert.deepEqual(asked(), ["shop plan=free,user=greedy", "shop header_match=greedy", "shop header_match=greedy"]);
  });

  test("a service that is gone lets nobody in whose requests have a limit", async () => {
    bed.gateway.delete({ kind: "ExtensionService", namespace: "auth", name: "limits" });
    await bed.gateway.settled();
    await ask("/", 500);
    await ask("/off", "a");
    await bed.check({ what: "", host: "free.test", path: "/", from: "a" });
  });
});
