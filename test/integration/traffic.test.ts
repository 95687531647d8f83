import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { compareText } from "#lib/compare.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import { until } from "./support/until.ts";
import { CART, DEAD, SLOW, TrafficRig } from "./traffic/traffic-rig.ts";

/** What is asked, how often, and the status that it gets. */
const ASKED: readonly (readonly [path: string, count: number, status: number])[] = [
  ["/cart/a?user=secret&x=1", 40, 200],
  ["/old", 6, 301],
  ["/nothing", 7, 404],
  ["/dead", 4, 503],
  ["/empty", 5, 503],
  ["/gone", 2, 503],
  ["/cart/broken", 3, 500],
  ["/cart/closes", 2, 503],
  ["/cart/slow", 3, 200],
];
const UNKNOWN_HOST = 3;
const BLOG = 8;
const ABORTED = 2;
const ALL = ASKED.reduce((sum, [, count]) => sum + count, 0) + UNKNOWN_HOST + BLOG + ABORTED;

test("of every kind of request each one is counted, and failures and slow ones are shown with their reason", async (t) => {
  await using rig = await TrafficRig.start();
  const aborted = Promise.withResolvers<void>();
  rig.upstream.respond = async ({ path }) => {
    if (path === "/cart/slow") await delay(SLOW + 100);
    if (path === "/cart/hang") await aborted.promise;
    if (path === "/cart/broken") return { status: 500 };
    return path === "/cart/closes" ? "close" : { body: "ok" };
  };
  for (const [path, count, status] of ASKED) {
    assert.deepEqual(await rig.getMany(count, path), Array(count).fill(status), path);
  }
  await rig.getMany(UNKNOWN_HOST, "/", { host: "unknown.localhost" });
  await rig.getMany(BLOG, "/post", { host: "blog.localhost" });
  for (let index = 0; index < ABORTED; index++) await rig.abort("/cart/hang");
  aborted.resolve();
  const picture = await rig.counted(ALL, ALL);

  await t.test("totals are exact", () => {
    assert.equal(picture.totals.counts.requests, ALL);
    assert.deepEqual(picture.totals.counts.codes, { 0: 2, 200: 51, 301: 6, 404: 10, 500: 3, 503: 13 });
    assert.deepEqual(picture.totals.counts.flags, { DC: 2, NC: 2, NR: 10, UC: 2, UF: 4, UH: 5 });
    assert.equal(picture.listeners[0]?.counts.requests, ALL);
    const hosts = picture.hosts.map(({ key, counts, namespaces }) => `${key}: ${counts.requests} ${namespaces.join()}`);
    assert.deepEqual(hosts.sort(compareText), [": 3 ", "blog.localhost: 8 team-blog", "shop.localhost: 74 team-shop"]);
    const routes = picture.routes.map(
      ({ listener, host, route, counts }) => `${listener} ${host} ${route}: ${counts.requests}`,
    );
    assert.deepEqual(routes.sort(compareText), [
      "http  : 3",
      "http blog.localhost prefix /: 8",
      "http shop.localhost : 7",
      "http shop.localhost prefix /cart: 50",
      "http shop.localhost prefix /dead: 4",
      "http shop.localhost prefix /empty: 5",
      "http shop.localhost prefix /gone: 2",
      "http shop.localhost prefix /old: 6",
    ]);
    const upstream = (key: string) => picture.clusters.find((cluster) => cluster.key === key);
    assert.deepEqual([upstream(CART)?.counts.requests, upstream(DEAD)?.counts.requests], [50, 4]);
    assert.deepEqual([upstream(CART)?.healthy, upstream(CART)?.endpoints.length], [1, 1]);
  });

  await t.test(
    "an endpoint's errors are its answers of 5xx and the connections that broke, each counted once",
    async () => {
      const errors = async () => {
        const { clusters } = await rig.snapshot();
        return [CART, DEAD].map((name) => clusters.find(({ key }) => key === name)?.endpoints[0]?.errors);
      };
      await until(errors, {
        accept: ([cart, dead]) => cart === 5 && dead === 4,
        what: "5 errors of one endpoint and 4 of the other",
      });
      // Envoy's page of endpoints is read again, and says nothing that single requests have said.
      const before = picture.time;
      await until(async () => (await rig.snapshot()).time - before, {
        accept: (age) => age > 4000,
        what: "another reading",
      });
      assert.deepEqual(await errors(), [5, 4]);
    },
  );

  await t.test("columns hold the same requests, second by second, each with its latency", async () => {
    const columns = await until(async () => (await rig.snapshot()).columns, {
      accept: (all) => all.reduce((total, { requests }) => total + requests, 0) >= ALL,
      what: "the last second to be over",
    });
    const shown = columns.flatMap(({ latency }) => latency).reduce((total, [, requests]) => total + requests, 0);
    assert.deepEqual([columns.reduce((total, { requests }) => total + requests, 0), shown], [ALL, ALL]);
  });

  await t.test("every failure is shown with its reason", () => {
    const failures = picture.requests.filter(({ kept }) => kept === "failure");
    assert.deepEqual(tally(failures.map(inWords)), [
      "2 × 0 DC: The client went away after TIME",
      "2 × 503 NC: The route points to a cluster that Envoy does not have",
      "2 × 503 UC: team-shop/cart:80 closed the connection without an answer",
      "3 × 404 NR: No object serves the host unknown.localhost",
      "3 × 500 : team-shop/cart:80 answered 500 (internal error)",
      "4 × 503 UF: ENDPOINT of team-shop/dead:80 refused the connection",
      "5 × 503 UH: team-shop/empty:80 has no endpoints",
      "7 × 404 NR: No route for this path on shop.localhost",
    ]);
  });

  await t.test("slow ones too, and ordinary ones without a reason", () => {
    const slow = picture.requests.filter(({ kept }) => kept === "slow");
    assert.deepEqual(
      slow.map(({ path, why }) => [path, why?.summary.replace(/[\d.]+ m?s\b/, "TIME")]),
      Array.from({ length: 3 }, () => ["/cart/slow", "team-shop/cart:80 took TIME"]),
    );
    const ordinary = picture.requests.filter(({ kept }) => kept === "sample");
    assert.equal(ordinary.length, 40 + 6 + BLOG);
    assert.ok(ordinary.every(({ why }) => why === undefined));
  });

  await t.test("a row says what a person asks about a request", () => {
    const row = picture.requests.find(({ path }) => path.startsWith("/cart/a"));
    assert.ok(row !== undefined);
    assert.deepEqual(
      { ...row, id: 0, time: 0, requestId: "", duration: 0, phases: {}, bytesIn: 0, bytesOut: 0 },
      {
        id: 0,
        time: 0,
        envoy: "test",
        listener: "http",
        method: "GET",
        authority: "shop.localhost",
        path: "/cart/a?user=…&x=…",
        protocol: "HTTP/1.1",
        code: 200,
        flags: [],
        details: "via_upstream",
        transportFailure: "",
        host: "shop.localhost",
        route: "prefix /cart",
        owner: { kind: "Ingress", namespace: "team-shop", name: "shop" },
        upstream: { backend: "local", namespace: "team-shop", service: "cart", port: 80 },
        endpoint: `127.0.0.1:${rig.upstream.port}`,
        attempts: 1,
        duration: 0,
        phases: {},
        bytesIn: 0,
        bytesOut: 0,
        client: "127.0.0.1",
        userAgent: "",
        requestId: "",
        traceId: undefined,
        kept: "sample",
        weight: 1,
      },
    );
    assert.ok(row.bytesIn > 0 && row.bytesOut > 0 && row.requestId.length === 36);
    const { waiting = 0, connecting = 0, upstream = 0, transfer = 0 } = row.phases;
    assert.ok(Math.abs(waiting + connecting + upstream + transfer - row.duration) < 0.01, "the phases are all of it");
  });

  await t.test("the secret in the query is nowhere", async () => {
    assert.doesNotMatch(JSON.stringify(await rig.snapshot()), /secret/);
  });

  await t.test("a team sees its own", async () => {
    const blog = await rig.snapshot(new Set(["team-blog"]));
    assert.equal(blog.totals.counts.requests, BLOG);
    assert.deepEqual(
      blog.hosts.map(({ key }) => key),
      ["blog.localhost"],
    );
    assert.deepEqual(
      blog.clusters.map(({ key }) => key),
      ["local/team-blog/posts/80"],
    );
    assert.equal(blog.requests.length, BLOG);
    assert.doesNotMatch(JSON.stringify(blog), /shop/);
  });
});

/** Each text with how often it is there, sorted. */
function tally(texts: readonly string[]): readonly string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => `${all.length} × ${text}`).sort(compareText);
}

/** What is the same for all requests of a kind. */
function inWords({ code, flags, why }: RequestRow): string {
  const summary = why?.summary.replace(/127\.0\.0\.1:\d+/, "ENDPOINT").replace(/[\d.]+ m?s\b/, "TIME");
  return `${code} ${flags.join()}: ${summary}`;
}
