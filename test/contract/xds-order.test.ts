import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AdsClient } from "./support/ads-client.ts";
import { resource, version } from "./support/resources.ts";
import { XdsUnderTest } from "./support/xds-under-test.ts";

const host = (name: string, content: string, clusters: readonly string[] = []) =>
  resource("virtualHost", name, content, { clusters });

/** What an Envoy with one listener asks for, up to its first route tables. */
async function start(client: AdsClient, tables: readonly string[]): Promise<void> {
  client.ask("cluster");
  client.ask("routeTable", { subscribe: tables });
  await client.rest();
  client.ask("virtualHost");
  await client.rest();
}

suite("delta xDS: what goes before what", () => {
  test("a virtual host waits for the endpoints of its clusters to be acknowledged", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("routeTable", "http", "1")]);
    const client = xds.client();
    client.ask("cluster");
    await client.taken();
    client.ask("routeTable", { subscribe: ["http"] });
    await client.taken();
    client.ask("virtualHost");
    assert.deepEqual((await client.taken()).removed, ["http/"]);
    xds.snapshot.apply([
      host("http/a.test", "1", ["a"]),
      host("http/b.test", "1"),
      resource("cluster", "a", "1"),
      resource("endpoints", "a", "1"),
    ]);
    const cluster = await client.next();
    assert.deepEqual([cluster.type, cluster.versions], ["cluster", { a: version("1") }]);
    const other = await client.taken();
    assert.deepEqual([other.type, Object.keys(other.versions)], ["virtualHost", ["http/b.test"]]);
    client.ack(cluster);
    client.ask("endpoints", { subscribe: ["a"] });
    const endpoints = await client.next();
    assert.deepEqual([endpoints.type, Object.keys(endpoints.versions)], ["endpoints", ["a"]]);
    assert.deepEqual(await client.rest(), []);
    client.ack(endpoints);
    const waited = await client.taken();
    assert.deepEqual([waited.type, Object.keys(waited.versions)], ["virtualHost", ["http/a.test"]]);
  });

  test("a cluster without endpoints of its own counts once it is acknowledged itself", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([
      resource("routeTable", "http", "1"),
      host("http/a.test", "1", ["dns", "never"]),
      resource("cluster", "dns", "1"),
    ]);
    const client = xds.client();
    client.ask("routeTable", { subscribe: ["http"] });
    await client.taken();
    client.ask("virtualHost");
    assert.deepEqual(await client.rest(), []);
    client.ask("cluster");
    await client.taken();
    assert.deepEqual(Object.keys((await client.taken()).versions), ["http/a.test"]);
  });

  test("a TCP listener waits for the endpoints of its cluster", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([
      resource("listener", "db", "1", { clusters: ["a"] }),
      resource("cluster", "a", "1"),
      resource("endpoints", "a", "1"),
    ]);
    const client = xds.client();
    client.ask("listener");
    client.ask("cluster");
    assert.equal((await client.taken()).type, "cluster");
    client.ask("endpoints", { subscribe: ["a"] });
    assert.equal((await client.taken()).type, "endpoints");
    assert.equal((await client.taken()).type, "listener");
  });

  test("a changed cluster is followed by its endpoints, which Envoy needs again and does not ask for", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("cluster", "a", "1"), resource("endpoints", "a", "1")]);
    const client = xds.client();
    client.ask("cluster");
    await client.taken();
    client.ask("endpoints", { subscribe: ["a"] });
    await client.taken();
    xds.snapshot.apply([resource("cluster", "a", "2")]);
    assert.deepEqual((await client.taken()).versions, { a: version("2") });
    const again = await client.taken();
    assert.deepEqual([again.type, again.versions], ["endpoints", { a: version("1") }]);
    assert.deepEqual(await client.rest(), []);
  });

  test("virtual hosts go when their table is acknowledged, and a table without any is answered", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([
      resource("routeTable", "http", "1"),
      resource("routeTable", "https", "1"),
      host("http/a.test", "1"),
    ]);
    const client = xds.client();
    client.ask("routeTable", { subscribe: ["http"] });
    const table = await client.next();
    client.ask("virtualHost");
    assert.deepEqual(await client.rest(), []);
    client.ack(table);
    assert.deepEqual((await client.taken()).versions, { "http/a.test": version("1") });
    client.ask("routeTable", { subscribe: ["https"] });
    assert.deepEqual((await client.taken()).versions, { https: version("1") });
    const none = await client.taken();
    assert.deepEqual([none.type, none.versions, none.removed], ["virtualHost", {}, ["https/"]]);
  });

  test("a table that is not known is called gone, so that its listener does not wait for it", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("routeTable", { subscribe: ["unknown"] });
    assert.deepEqual((await client.taken()).removed, ["unknown"]);
  });

  test("a table that went and comes back gets its hosts again", async () => {
    await using xds = await XdsUnderTest.start();
    const table = resource("routeTable", "https-own", "1");
    xds.snapshot.apply([table, host("https-own/a.test", "1")]);
    const client = xds.client();
    await start(client, ["https-own"]);
    client.ask("routeTable", { subscribe: ["https-own"] });
    client.ack(await client.next());
    assert.deepEqual((await client.taken()).versions, { "https-own/a.test": version("1") });
    xds.snapshot.apply(
      [],
      [
        { type: "routeTable", name: "https-own" },
        { type: "virtualHost", name: "https-own/a.test" },
      ],
    );
    assert.deepEqual(
      [(await client.taken()).removed, (await client.taken()).removed],
      [["https-own"], ["https-own/a.test"]],
    );
    client.ask("routeTable", { unsubscribe: ["https-own"] });
    await client.rest();
    xds.snapshot.apply([table, host("https-own/a.test", "1")]);
    client.ask("routeTable", { subscribe: ["https-own"] });
    assert.deepEqual((await client.taken()).versions, { "https-own": version("1") });
    assert.deepEqual((await client.taken()).versions, { "https-own/a.test": version("1") });
  });

  test("who comes back and asks for hosts before it names its tables loses none of them", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("routeTable", "http", "1"), host("http/a.test", "2"), host("http/b.test", "1")]);
    const client = xds.client();
    const had = { "http/a.test": version("1"), "http/b.test": version("1"), "http/gone.test": version("1") };
    client.ask("virtualHost", { versions: had });
    const gone = await client.taken();
    assert.deepEqual([gone.versions, gone.removed], [{}, ["http/gone.test"]]);
    client.ask("routeTable", { subscribe: ["http"], versions: { http: version("1") } });
    assert.deepEqual((await client.taken()).versions, { "http/a.test": version("2") });
    assert.deepEqual(await client.rest(), []);
  });
});
