import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { HttpAnswer } from "../../integration/support/http-get.ts";
import { service, together } from "../../integration/support/manifests.ts";
import { at, extension, proxy, RoutingBed, to } from "../../integration/support/routing-bed.ts";
import { until } from "../../integration/support/until.ts";
import { RateLimitServer } from "./support/rate-limit-server.ts";

/** By the year, so that no window ends while a test counts. */
const LIMITS = `domain: shop
descriptors:
  - key: remote_address
    rate_limit: {unit: year, requests_per_unit: 3}
  - key: plan
    value: free
    descriptors:
      - key: user
        rate_limit: {unit: year, requests_per_unit: 2}
`;

const limit = (...entries: readonly object[]): object => ({ global: { descriptors: [{ entries }] } });

const BY_USER = limit(
  { genericKey: { key: "plan", value: "free" } },
  { requestHeader: { headerName: "x-user", descriptorKey: "user" } },
);

suite("global rate limits, counted by Envoy's own server", () => {
  const stack = new AsyncDisposableStack();
  let limits: RateLimitServer;
  /** Two Envoys that ask the same server. */
  let beds: readonly [RoutingBed, RoutingBed];

  async function bed(): Promise<RoutingBed> {
    const rateLimit = { namespace: "auth", name: "limits", domain: "shop", failOpen: false, headers: true };
    const proxies = { rootNamespaces: [], permitInsecure: true, rateLimit: { ...rateLimit, resourceExhausted: false } };
    const made = stack.use(await RoutingBed.start(["a"], { settings: { proxies } }));
    const routes = [to("a"), at("/free", { ...to("a"), rateLimitPolicy: BY_USER })];
    made.gateway.apply(
      together(
        service("auth", "limits", [limits]),
        extension("limits", "h2c"),
        proxy("shop", { virtualhost: { fqdn: "shop.test", rateLimitPolicy: limit({ remoteAddress: {} }) }, routes }),
      ),
    );
    await made.gateway.open();
    return made;
  }

  const get = (which: 0 | 1, path: string, user = "nobody"): Promise<HttpAnswer> =>
    beds[which].gateway.get("shop.test", path, { headers: { "x-user": user } });

  before(async () => {
    limits = stack.use(await RateLimitServer.start(LIMITS));
    beds = [await bed(), await bed()];
  });
  after(() => stack.disposeAsync());

  test("what is over the limit gets 429, however many Envoys count, and both say what is left", async () => {
    const answers = [await get(0, "/"), await get(1, "/"), await get(0, "/"), await get(1, "/"), await get(0, "/")];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 429, 429],
    );
    assert.deepEqual(
      answers.map(({ headers }) => headers["x-ratelimit-remaining"]),
      ["2", "1", "0", "0", "0"],
    );
    assert.match(String(answers[3]?.headers["x-ratelimit-limit"]), /^3, 3;w=\d+/);
    assert.equal(answers[3]?.headers["x-envoy-ratelimited"], "true");
    assert.equal(beds[0].upstream("a").requests.length + beds[1].upstream("a").requests.length, 3);
  });

  test("a route's own limit counts each user apart", async () => {
    const statuses: number[] = [];
    for (const user of ["anna", "anna", "anna", "berta"]) statuses.push((await get(0, "/free", user)).status);
    assert.deepEqual(statuses, [200, 200, 429, 200]);
  });

  test("while nobody can count nobody comes in, and what was counted goes on after that", async () => {
    await limits.redis.kill();
    assert.equal((await get(0, "/free", "clara")).status, 500);
    await limits.redis.run();
    // The server finds Redis again by itself, when it next tries.
    await until(() => get(0, "/free", "clara"), { accept: ({ status }) => status === 200, what: "a count" });
  });
});
