import assert from "node:assert/strict";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLogger, silentLogger } from "#lib/log.ts";
import { replaceFile } from "#lib/replace-file.ts";
import { ArchiveService } from "#snapshot-server/archive-service.ts";
import { XdsServer } from "#xds/server.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";
import { until } from "../integration/support/until.ts";
import { AdsClient } from "./support/ads-client.ts";
import { resource, version } from "./support/resources.ts";
import { XdsUnderTest } from "./support/xds-under-test.ts";

/** Milliseconds: a client that reads is never so late, though its machine is busy with others. */
const STUCK = 1000;

suite("XdsServer", () => {
  test("its socket is for the owner alone", async () => {
    await using xds = await XdsUnderTest.start();
    assert.equal(statSync(xds.socketPath).mode & 0o777, 0o600);
  });

  test("several clients, each with its own state, and what is told of them", async () => {
    const told: string[] = [];
    await using xds = await XdsUnderTest.start({
      events: {
        connected: ({ node }) => told.push(`+${node}`),
        disconnected: ({ node }) => told.push(`-${node}`),
      },
    });
    xds.snapshot.apply([resource("listener", "a", "1")]);
    const [first, second] = [xds.client("first"), xds.client("second")];
    first.ask("listener");
    assert.deepEqual((await first.taken()).versions, { a: version("1") });
    second.ask("listener", { versions: { a: version("1") } });
    assert.deepEqual(await second.rest(), []);
    assert.deepEqual(xds.server.clients.map(({ node }) => node).toSorted(), ["first", "second"]);
    first[Symbol.dispose]();
    await until(() => told.includes("-first"), { what: "the end of the first client" });
    xds.snapshot.apply([resource("listener", "a", "2")]);
    assert.deepEqual((await second.taken()).versions, { a: version("2") });
    assert.deepEqual(told, ["+first", "+second", "-first"]);
  });

  test("a client that does not read is cut; the others never wait for it", async () => {
    const cut: string[] = [];
    await using xds = await XdsUnderTest.start({ stuckLimit: STUCK, events: { cut: ({ node }) => cut.push(node) } });
    const [stuck, well] = [xds.client("stuck"), xds.client("well")];
    stuck.ask("cluster");
    well.ask("cluster");
    await Promise.all([stuck.rest(), well.rest()]);
    stuck.pause();
    const mebibyte = "x".repeat(1024 * 1024);
    for (let change = 0; cut.length === 0 && change < 2_000; change++) {
      xds.snapshot.apply([resource("cluster", "a", `${change}${mebibyte}`)]);
      assert.deepEqual((await well.taken()).versions, { a: version(`${change}${mebibyte}`) });
    }
    assert.deepEqual(cut, ["stuck"]);
    xds.snapshot.apply([resource("cluster", "a", "after")]);
    assert.deepEqual((await well.taken()).versions, { a: version("after") });
    assert.deepEqual(
      xds.server.clients.map(({ node }) => node),
      ["well"],
    );
  });

  test("a client that is cut hears of it and may come back, also when it reads again only later", async () => {
    const cut: string[] = [];
    await using xds = await XdsUnderTest.start({ stuckLimit: STUCK, events: { cut: ({ node }) => cut.push(node) } });
    const silent = xds.client("silent");
    silent.ask("cluster");
    await silent.rest();
    const ended = silent.ended();
    for (let change = 0; cut.length === 0; change++) {
      xds.snapshot.apply([resource("cluster", "a", `${change}`)]);
      await setImmediate();
    }
    assert.match(await ended, /does not keep up/);
    assert.deepEqual(cut, ["silent"]);

    const paused = xds.client("paused");
    paused.ask("cluster");
    await paused.rest();
    paused.pause();
    const mebibyte = "x".repeat(1024 * 1024);
    for (let change = 0; !cut.includes("paused"); change++) {
      xds.snapshot.apply([resource("cluster", "a", `${change % 2}${mebibyte}`)]);
      await setImmediate();
    }
    xds.snapshot.apply([resource("cluster", "a", "after")]);
    paused.resume();
    assert.match(await paused.ended(), /does not keep up/);
    const again = xds.client("paused");
    again.ask("cluster");
    assert.deepEqual((await again.taken()).versions, { a: version("after") });
  });

  test("it takes the socket of the snapshot server over: old streams go on, new ones come to it", async () => {
    await using directory = await temporaryDirectory("xds");
    const path = join(directory.path, "xds.sock");
    const snapshot = new Snapshot();
    snapshot.apply([resource("listener", "a", "1")]);
    snapshot.open();
    await using archived = new ArchiveService(snapshot, silentLogger);
    await archived.listen(path);
    using old = new AdsClient(`unix:${path}`, "old");
    old.ask("listener");
    await old.taken();
    await using next = new XdsServer({ snapshot, log: silentLogger });
    await next.listenUnix(path);
    using fresh = new AdsClient(`unix:${path}`, "fresh");
    fresh.ask("listener");
    await fresh.taken();
    assert.deepEqual(
      next.clients.map(({ node }) => node),
      ["fresh"],
    );
    snapshot.apply([resource("listener", "a", "2")]);
    assert.deepEqual((await old.taken()).versions, { a: version("2") });
    assert.deepEqual((await fresh.taken()).versions, { a: version("2") });
  });

  test("a server that ends lets its clients know, and leaves the socket of its successor alone", async () => {
    const xds = await XdsUnderTest.start();
    await using next = new XdsServer({ snapshot: xds.snapshot, log: silentLogger });
    xds.snapshot.apply([resource("listener", "a", "1")]);
    using client = new AdsClient(`unix:${xds.socketPath}`);
    client.ask("listener");
    await client.taken();
    await next.listenUnix(xds.socketPath);
    await xds.server[Symbol.asyncDispose]();
    assert.match(await client.ended(), /ended|UNAVAILABLE|CANCELLED/);
    using again = new AdsClient(`unix:${xds.socketPath}`);
    again.ask("listener", { versions: { a: version("1") } });
    assert.deepEqual(await again.rest(), []);
    await xds[Symbol.asyncDispose]();
  });

  for (const [what, take] of [
    ["deleted", (path: string) => rmSync(path)],
    ["replaced", (path: string) => replaceFile(path, "")],
  ] as const) {
    test(`its socket is ${what}: it is made anew, and told; streams that stand go on`, async () => {
      const { log, said } = heard();
      await using xds = await XdsUnderTest.start({ log });
      xds.snapshot.apply([resource("listener", "a", "1")]);
      const old = xds.client("old");
      old.ask("listener");
      await old.taken();
      take(xds.socketPath);
      await said("a socket was deleted or replaced, and is made anew");
      await said("the socket is in its place again");
      assert.equal(statSync(xds.socketPath).mode & 0o777, 0o600);
      xds.snapshot.apply([resource("listener", "a", "2")]);
      const fresh = xds.client("fresh");
      fresh.ask("listener");
      assert.deepEqual((await fresh.taken()).versions, { a: version("2") });
      assert.deepEqual((await old.taken()).versions, { a: version("2") });
      assert.deepEqual(await old.rest(), []);
    });
  }

  test("its socket is gone with its folder: it is made anew once that is back", async () => {
    const { log, said } = heard();
    await using xds = await XdsUnderTest.start({ log });
    rmSync(dirname(xds.socketPath), { recursive: true });
    await said("a socket cannot be made anew; it is tried every second");
    mkdirSync(dirname(xds.socketPath), { mode: 0o700 });
    await said("the socket is in its place again");
    const client = xds.client();
    client.ask("listener");
    await client.taken();
  });

  test("a port that is taken is told with its name", async () => {
    await using xds = await XdsUnderTest.start();
    await assert.rejects(xds.server.listenUnix("/nowhere/at/all.sock"), /could not listen for xDS on unix:\/nowhere/);
  });
});

/** A log, and how to wait for words in it. */
function heard() {
  const lines: string[] = [];
  return {
    log: createLogger({ level: "info", format: "text", write: (line) => lines.push(line) }),
    said: (words: string) => until(() => lines.some((line) => line.includes(words)), { what: words }),
  };
}
