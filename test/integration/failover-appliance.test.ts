import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Explanation } from "#api/ports/explain.ts";
import type { SnapshotMessage } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import { AnswerShares } from "./support/answer-shares.ts";
import { ApplianceHome } from "./support/appliance-home.ts";
import { binnacle } from "./support/cli.ts";
import { freePort } from "./support/free-port.ts";
import { httpGet } from "./support/http-get.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { proxyOverBoth } from "./support/proxy-over-both.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

const HOST = "shop.test";

suite("one route over two backends, and limits, in a running appliance", { timeout: 600_000 }, () => {
  const stack = new AsyncDisposableStack();
  let home: ApplianceHome;
  let east: Upstream;
  let limited: Upstream;
  before(async () => {
    // Ports that nobody else takes while an upstream is dead.
    const start = async (body: string) =>
      stack.use(await Upstream.start({ port: await freePort(), respond: () => ({ body }) }));
    const west = await start("west");
    [east, limited] = [await start("east"), await start("limited")];
    home = stack.use(await ApplianceHome.create("failover"));
    const limits = { "projectcontour.io/max-connections": "10", "projectcontour.io/max-requests": "1" };
    await home.write(
      "manifests/shop.yaml",
      together(
        proxyOverBoth({ namespace: "team", name: "shop" }, HOST),
        service("team", "limited", [limited], limits),
        ingress("team", "limited", "limited.test", "limited"),
      ),
    );
    const backends = [
      ["east", east.port],
      ["west", west.port],
    ].map(
      ([name, port]) =>
        `  - {name: ${name}, static: {services: [{name: web, namespace: team, ports: [{port: 80, targetPort: ${port}}], addresses: [127.0.0.1]}]}}`,
    );
    const allowed = [east, west, limited].map(({ port }) => port).join(", ");
    const settings = `backends:\n${backends.join("\n")}\nupstreams: {allowLocal: [${allowed}]}`;
    await home.configure(settings);
    stack.use(await home.serve());
  });
  after(() => stack.disposeAsync());

  const explained = async (): Promise<Explanation> =>
    JSON.parse((await binnacle(home.state, "explain", `${HOST}/`, "-o", "json")).stdout) as Explanation;

  test("10,000 requests go by weight; a backend that dies loses what it had been sent, and gets its share back", async (t) => {
    const percent = async (load: AnswerShares, count: number) => {
      const { east: first = 0, west: second = 0 } = await load.next(count);
      assert.equal(first + second, count);
      return (first / count) * 100;
    };
    await using load = new AnswerShares({ port: home.http, host: HOST });
    await until(() => load.next(50), { accept: (found) => Object.keys(found).sort().join() === "east,west" });
    const lostAtStart = load.lost.length;
    const before = await percent(load, 10_000);
    t.diagnostic(`${before} % of 10,000 to the backend with weight 70`);
    assert.ok(Math.abs(before - 70) <= 2, `${before} %`);

    await east[Symbol.asyncDispose]();
    await until(() => load.next(100), { accept: ({ west = 0 }) => west === 100, what: "the west alone" });
    const lost = load.lost.slice(lostAtStart);
    t.diagnostic(`${lost.length} of ${load.requests} requests were lost: ${lost.join(" · ") || "none"}`);
    assert.ok(lost.length <= 4, "no more than there are connections");
    for (const words of lost) assert.match(words, /connection termination/, "sent to it before it died");
    const seen = await until(explained, {
      accept: ({ upstreams }) => ["failing", "ejected"].includes(upstreams[0]?.endpoints[0]?.health ?? ""),
      what: "explain to say that the east fails",
    });
    assert.deepEqual(
      seen.upstreams.map(({ service, endpoints }) => [service, ...endpoints.map(({ priority, of }) => [priority, of])]),
      [
        ["east-web", [0, undefined], [1, "team/west-web:80 of west"]],
        ["west-web", [0, undefined], [1, "team/east-web:80 of east"]],
      ],
    );

    const measured = (backend: string, value: number): string =>
      `binnacle_upstream_failed_over{backend="${backend}",namespace="team",service="${backend}-web",port="80"} ${value}`;
    await until(() => home.metrics(), {
      accept: (page) => page.includes(measured("east", 1)) && page.includes(measured("west", 0)),
      what: "the metric behind UpstreamFailedOver",
    });
    const [WEST, EAST] = ["west", "east"].map((backend) => ({
      backend,
      namespace: "team",
      service: `${backend}-web`,
      port: 80,
    }));
    const taken =
      /^binnacle_upstream_taken_over_requests_total\{backend="east",.*by_backend="west",by_service="west-web",by_port="80"\} (\d+)$/m;
    await until(() => home.metrics(), {
      accept: (page) => Number(taken.exec(page)?.[1] ?? 0) > 50,
      what: "the east's requests that the west had, counted",
    });
    const since = Date.now();
    await load.next(100);
    const shown = await until(
      async () => {
        const lines = (await home.ask(`/api/v1/traffic/requests?from=${since}&limit=1000`)).split("\n");
        return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as RequestRow);
      },
      { accept: (rows) => rows.some(({ upstream }) => upstream?.backend === "east"), what: "single requests" },
    );
    for (const { upstream, fallback } of shown)
      assert.deepEqual(fallback, upstream?.backend === "east" ? WEST : undefined, "the one that had it");
    const told = await binnacle(home.state, "explain", `${HOST}/`, "--live");
    assert.match(told.stdout, /Envoy did as predicted/, told.stdout);
    const { clusters } = JSON.parse(await home.ask("/api/v1/traffic/totals")) as SnapshotMessage;
    const east0 = clusters.find(({ upstream }) => upstream.backend === "east");
    assert.deepEqual(
      east0?.sentTo?.map(({ upstream }) => upstream),
      [EAST, WEST],
    );
    assert.ok((east0?.sentTo?.[1]?.requests ?? 0) > 50);

    stack.use(await Upstream.start({ port: east.port, respond: () => ({ body: "east" }) }));
    // It is left alone for 15 seconds, and for as many more each time that it is found dead again.
    await until(() => load.next(100), {
      accept: (found) => (found["east"] ?? 0) > 40,
      what: "the east again",
      timeoutMs: 180_000,
    });
    const again = await percent(load, 1_000);
    assert.ok(Math.abs(again - 70) <= 8, `${again} %, five standard deviations`);
    assert.deepEqual(load.lost.slice(lostAtStart + lost.length), [], "giving back loses nothing");
  });

  test("a request over the limits of its upstream is refused, and shown with its reason in words", async () => {
    const answer = Promise.withResolvers<{ body: string }>();
    limited.respond = () => answer.promise;
    const held = httpGet({ port: home.http }, "/", { host: "limited.test" });
    await until(() => limited.requests.length, { what: "one request under way" });
    const told = await until(() => binnacle(home.state, "explain", "limited.test", "--live"), {
      accept: ({ stdout }) => /503 .*by route/.test(stdout),
      what: "a request that is refused",
    });
    assert.match(told.stdout, /at most 10 connections, 1 request under way at each Envoy: more get 503 \(UO\)/);
    assert.match(
      told.stdout,
      /503 from [\d.:]+ in \d+ ms by route prefix \/ \(Circuit breaker open for team\/limited:80\)/,
    );
    answer.resolve({ body: "limited" });
    assert.equal((await held).status, 200);
    limited.respond = () => ({ body: "limited" });
    assert.equal((await httpGet({ port: home.http }, "/", { host: "limited.test" })).status, 200);
  });
});
