import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestRow } from "#traffic/messages.ts";
import { CART, TrafficRig } from "./traffic/traffic-rig.ts";

test("of every kind of request each one is counted, failures and slow ones are shown with their reason", async (t) => {
  await using rig = await TrafficRig.start();
  const slow = Promise.withResolvers<void>();
  rig.upstream.respond = async ({ path }) => {
    if (path.startsWith("/cart/slow")) await new Promise((resolve) => setTimeout(resolve, 300));
    if (path.startsWith("/cart/hang")) await slow.promise;
    if (path.startsWith("/cart/broken")) return { status: 500 };
    return path.startsWith("/cart/closes") ? "close" : { body: "ok" };
  };
  const { messages, session } = rig.connect();
  session.receive('{"type":"subscribe"}');
  const expected = {
    "/cart/a?user=secret&x=1": [40, 200],
    "/old": [6, 301],
    "/nothing": [7, 404],
    "/dead": [4, 503],
    "/empty": [5, 503],
    "/gone": [2, 503],
    "/cart/broken": [3, 500],
    "/cart/closes": [2, 503],
    "/cart/slow": [3, 200],
  } as const;
  for (const [path, [count, status]] of Object.entries(expected)) {
    assert.deepEqual(await rig.getMany(count, path), Array(count).fill(status), path);
  }
  assert.deepEqual(await rig.getMany(3, "/", { host: "unknown.localhost" }), [404, 404, 404]);
  assert.deepEqual(await rig.getMany(8, "/post", { host: "blog.localhost" }), Array(8).fill(200));
  for (let index = 0; index < 2; index++) await rig.abort("/cart/hang");
  slow.resolve();
  const all = 85;
  const picture = await rig.counted(all, all);

  await t.test("totals are exact", () => {
    assert.equal(picture.totals.counts.requests, all);
    assert.deepEqual(picture.totals.counts.codes, { 0: 2, 200: 51, 301: 6, 404: 10, 500: 3, 503: 13 });
    assert.deepEqual(picture.totals.counts.flags, { DC: 2, NC: 2, NR: 10, UC: 2, UF: 4, UH: 5 });
    assert.deepEqual(picture.hosts.map(({ key, counts, namespaces }) => [key, counts.requests, namespaces]).sort(), [
      ["", 3, []],
      ["blog.localhost", 8, ["team-blog"]],
      ["shop.localhost", 74, ["team-shop"]],
    ]);
    assert.deepEqual(
      picture.routes
        .map(({ listener, host, route, counts }) => [`${listener} ${host} ${route}`, counts.requests])
        .sort(),
      [
        ["http  ", 3],
        ["http blog.localhost prefix /", 8],
        ["http shop.localhost ", 7],
        ["http shop.localhost prefix /cart", 50],
        ["http shop.localhost prefix /dead", 4],
        ["http shop.localhost prefix /gone", 2],
        ["http shop.localhost prefix /old", 6],
        ["http shop.localhost prefix /empty", 5],
      ],
    );
    const cart = picture.clusters.find(({ key }) => key === CART);
    assert.equal(cart?.counts.requests, 50);
    assert.equal(picture.listeners[0]?.counts.requests, all);
  });

  await t.test("columns hold the same requests, second by second", () => {
    const sum = picture.columns.reduce((total, { requests }) => total + requests, 0);
    assert.equal(sum, all);
    assert.ok(picture.columns.some(({ quantiles }) => quantiles !== undefined));
  });

  await t.test("every failure is kept, with its reason", () => {
    assert.deepEqual(
      tally(picture.requests.filter(({ kept }) => kept === "failure").map(inWords)),
      [],
    );
  });
});

/** Each text with how often it is there, sorted. */
function tally(texts: readonly string[]): readonly string[] {
  const groups = Map.groupBy(texts, (text) => text);
  return [...groups].map(([text, all]) => `${all.length} × ${text}`).sort();
}

/** What is the same for all requests of a kind. */
function inWords({ code, flags, why }: RequestRow): string {
  const summary = why?.summary.replace(/127\.0\.0\.1:\d+/, "ENDPOINT").replace(/\d+(\.\d+)? ms/, "TIME");
  return `${code} ${flags.join()}: ${summary}`;
}
