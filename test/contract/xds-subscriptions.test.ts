import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { resource, version } from "./support/resources.ts";
import { XdsUnderTest } from "./support/xds-under-test.ts";

suite("delta xDS: subscriptions", () => {
  test("a first request without names is for everything, now and later", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("listener", "a", "1"), resource("listener", "b", "1")]);
    const client = xds.client();
    client.ask("listener");
    assert.deepEqual((await client.taken()).versions, { a: version("1"), b: version("1") });
    xds.snapshot.apply([resource("listener", "c", "1"), resource("listener", "a", "2")]);
    assert.deepEqual((await client.taken()).versions, { c: version("1"), a: version("2") });
    xds.snapshot.apply([], [{ type: "listener", name: "b" }]);
    const { versions, removed } = await client.taken();
    assert.deepEqual([versions, removed], [{}, ["b"]]);
    assert.deepEqual(await client.rest(), []);
  });

  test("who has nothing and asks for all clusters or listeners is told that there are none", async () => {
    await using xds = await XdsUnderTest.start({ ready: false });
    const client = xds.client();
    client.ask("cluster");
    client.ask("listener");
    xds.snapshot.open();
    const answers = [await client.taken(), await client.taken()];
    assert.deepEqual(
      answers.map(({ type, versions, removed }) => [type, versions, removed]),
      [
        ["cluster", {}, []],
        ["listener", {}, []],
      ],
    );
    assert.deepEqual(await client.rest(), []);
    xds.snapshot.apply([resource("cluster", "a", "1")]);
    assert.deepEqual((await client.taken()).versions, { a: version("1") });
    const returning = xds.client("returning");
    returning.ask("cluster", { versions: { a: version("1") } });
    assert.deepEqual(await returning.rest(), []);
  });

  test("names are for those names alone", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("endpoints", "a", "1"), resource("endpoints", "b", "1")]);
    const client = xds.client();
    client.ask("endpoints", { subscribe: ["a", "later"] });
    assert.deepEqual((await client.taken()).versions, { a: version("1") });
    xds.snapshot.apply([resource("endpoints", "b", "2"), resource("endpoints", "later", "1")]);
    assert.deepEqual((await client.taken()).versions, { later: version("1") });
    assert.deepEqual(await client.rest(), []);
  });

  test("endpoints that are not known are not answered as empty; those of a cluster that is not wanted are called gone", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("cluster", "a", "1"), resource("cluster", "b", "1"), resource("endpoints", "b", "1")]);
    const client = xds.client();
    client.ask("endpoints", { subscribe: ["a", "b", "gone"] });
    const { versions, removed } = await client.taken();
    assert.deepEqual([versions, removed], [{ b: version("1") }, ["gone"]]);
    // What the client has it uses until the cluster goes.
    xds.snapshot.apply(
      [],
      [
        { type: "cluster", name: "b" },
        { type: "endpoints", name: "b" },
      ],
    );
    assert.deepEqual(await client.rest(), []);
  });

  test("who asks again gets it again, also unchanged", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("endpoints", "a", "1"), resource("endpoints", "b", "1")]);
    const client = xds.client();
    client.ask("endpoints", { subscribe: ["a", "b"] });
    await client.taken();
    client.ask("endpoints", { subscribe: ["b"] });
    assert.deepEqual((await client.taken()).versions, { b: version("1") });
  });

  test("what was unsubscribed comes no more, and comes again with the next subscription", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("endpoints", "a", "1"), resource("endpoints", "b", "1")]);
    const client = xds.client();
    client.ask("endpoints", { subscribe: ["a", "b"] });
    await client.taken();
    client.ask("endpoints", { unsubscribe: ["a"] });
    await client.rest();
    xds.snapshot.apply([resource("endpoints", "a", "2"), resource("endpoints", "b", "2")]);
    assert.deepEqual((await client.taken()).versions, { b: version("2") });
    client.ask("endpoints", { subscribe: ["a"] });
    assert.deepEqual((await client.taken()).versions, { a: version("2") });
  });

  test("a wildcard may be asked for by name, and after names", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("cluster", "a", "1"), resource("cluster", "b", "1")]);
    const client = xds.client();
    client.ask("cluster", { subscribe: ["a"] });
    assert.deepEqual((await client.taken()).versions, { a: version("1") });
    client.ask("cluster", { subscribe: ["*"] });
    assert.deepEqual((await client.taken()).versions, { b: version("1") });
    xds.snapshot.apply([resource("cluster", "c", "1")]);
    assert.deepEqual((await client.taken()).versions, { c: version("1") });
  });

  test("a wildcard that was given up brings nothing more, and all of it again with the next subscription", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("cluster", "a", "1"), resource("cluster", "b", "1")]);
    const client = xds.client();
    client.ask("cluster", { subscribe: ["*", "a"] });
    await client.taken();
    client.ask("cluster", { unsubscribe: ["*"] });
    await client.rest();
    xds.snapshot.apply([resource("cluster", "a", "2")], [{ type: "cluster", name: "b" }]);
    assert.deepEqual((await client.taken()).versions, { a: version("2") });
    xds.snapshot.apply([resource("cluster", "b", "1")]);
    assert.deepEqual(await client.rest(), []);
    client.ask("cluster", { subscribe: ["*"] });
    assert.deepEqual((await client.taken()).versions, { b: version("1") });
  });

  test("a name that is given up beside a wildcard is answered: only the server knows whether that brings it still", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("listener", "a", "1"), resource("listener", "b", "1")]);
    const client = xds.client();
    client.ask("listener", { subscribe: ["*", "a", "nobody"] });
    await client.taken();
    await client.rest();
    client.ask("listener", { unsubscribe: ["a", "nobody"] });
    const { versions, removed } = await client.taken();
    assert.deepEqual([versions, removed], [{ a: version("1") }, ["nobody"]]);
    xds.snapshot.apply([resource("listener", "a", "2")]);
    assert.deepEqual((await client.taken()).versions, { a: version("2") });
    assert.deepEqual(await client.rest(), []);
  });

  test("who has nothing and asks for everything by the wildcard's name is told that there is nothing", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("cluster", { subscribe: ["*"] });
    const { type, versions, removed } = await client.taken();
    assert.deepEqual([type, versions, removed], ["cluster", {}, []]);
  });

  test("an answer with an old stream's nonce says nothing of what this one sent", async () => {
    await using xds = await XdsUnderTest.start();
    const [first, second] = [xds.client("same"), xds.client("same")];
    first.ask("listener");
    second.ask("listener");
    await Promise.all([first.taken(), second.taken()]);
    xds.snapshot.apply([resource("listener", "a", "1")]);
    const [old, now] = [await first.next(), await second.next()];
    second.nack(old, "said of another stream");
    assert.deepEqual(await second.rest(), []);
    assert.deepEqual([xds.snapshot.quarantined(), xds.snapshot.unacknowledged], [[], 1]);
    second.ack(now);
    await second.rest();
    assert.equal(xds.snapshot.unacknowledged, 0);
  });

  test("a name that is gone and back before anything is sent is the same as ever; in another form it is a change", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("listener", "a", "1"), resource("listener", "b", "1")]);
    const client = xds.client();
    client.ask("listener");
    await client.taken();
    xds.snapshot.apply([resource("listener", "a", "1")], [{ type: "listener", name: "a" }]);
    assert.deepEqual(await client.rest(), []);
    xds.snapshot.apply([resource("listener", "a", "2")], [{ type: "listener", name: "a" }]);
    const { versions, removed } = await client.taken();
    assert.deepEqual([versions, removed], [{ a: version("2") }, []]);
    // A removal on its way does not take the next form along.
    xds.snapshot.apply([], [{ type: "listener", name: "b" }]);
    xds.snapshot.apply([resource("listener", "b", "2")]);
    const [removal, again] = [await client.next(), await client.next()];
    client.ack(again);
    client.ack(removal);
    assert.deepEqual([removal.removed, again.versions], [["b"], { b: version("2") }]);
    assert.deepEqual(await client.rest(), []);
    assert.equal(xds.snapshot.unacknowledged, 0);
  });

  test("an acknowledgement that was lost with its stream is not missed: what the client brings says it", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("listener");
    await client.rest();
    xds.snapshot.apply([resource("listener", "a", "1")]);
    await client.next();
    client[Symbol.dispose]();
    const again = xds.client();
    again.ask("listener", { versions: { a: version("1") } });
    assert.deepEqual(await again.rest(), []);
    assert.equal(xds.snapshot.unacknowledged, 0);
  });

  test("nothing is sent when nothing changed", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("listener", "a", "1"), resource("routeTable", "http", "1")]);
    const client = xds.client();
    client.ask("listener");
    await client.taken();
    xds.snapshot.apply([resource("listener", "a", "1")]);
    xds.snapshot.apply([], [{ type: "listener", name: "never" }]);
    client.ask("listener");
    assert.deepEqual(await client.rest(), []);
  });

  test("every response has a nonce of its own; answers to unknown ones change nothing", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("listener");
    client.ask("cluster");
    const nonces = new Set<string>();
    for (let round = 0; round < 5; round++) {
      xds.snapshot.apply([resource("listener", "a", `${round}`), resource("cluster", "a", `${round}`)]);
      nonces.add((await client.taken()).nonce).add((await client.taken()).nonce);
    }
    assert.equal(nonces.size, 10);
    client.ack({ type: "listener", nonce: "never" });
    client.nack({ type: "listener", nonce: "1" }, "too late");
    client.ask("listener", {}, { typeUrl: "type.googleapis.com/envoy.nobody.Knows" });
    assert.deepEqual(await client.rest(), []);
    assert.equal(xds.snapshot.quarantined().length, 0);
  });

  test("before the snapshot is ready nothing is answered; then all that was asked for is", async () => {
    await using xds = await XdsUnderTest.start({ ready: false });
    const client = xds.client();
    client.ask("listener");
    client.ask("endpoints", { subscribe: ["a"] });
    client.ask("secret", { subscribe: ["unknown.test"] });
    xds.snapshot.apply([resource("listener", "a", "1"), resource("endpoints", "a", "1")]);
    xds.snapshot.open();
    const received = [await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      new Map(received.map(({ type, versions, removed }) => [type, { versions, removed }])),
      new Map([
        ["listener", { versions: { a: version("1") }, removed: [] }],
        ["endpoints", { versions: { a: version("1") }, removed: [] }],
        ["secret", { versions: {}, removed: ["unknown.test"] }],
      ]),
    );
  });

  test("who comes back with what it has is sent what differs and told what is gone", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([
      resource("listener", "same", "1"),
      resource("listener", "changed", "2"),
      resource("listener", "new", "1"),
    ]);
    const client = xds.client();
    client.ask("listener", { versions: { same: version("1"), changed: version("1"), gone: version("1") } });
    const { versions, removed } = await client.taken();
    assert.deepEqual(versions, { changed: version("2"), new: version("1") });
    assert.deepEqual(removed, ["gone"]);
    assert.deepEqual(await client.rest(), []);
  });

  test("what it brings along counts as accepted: it is not waited for", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("listener", "a", "1"), resource("cluster", "c", "1")]);
    assert.equal(xds.snapshot.unacknowledged, 2);
    const client = xds.client();
    client.ask("listener", { versions: { a: version("1") } });
    client.ask("cluster", { versions: { c: version("0") } });
    await client.taken();
    await client.rest();
    assert.equal(xds.snapshot.unacknowledged, 0);
  });

  test("a large answer goes in parts", async () => {
    await using xds = await XdsUnderTest.start();
    const mebibyte = "x".repeat(1024 * 1024);
    const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
    xds.snapshot.apply(names.map((name) => resource("cluster", name, `${name}${mebibyte}`)));
    const client = xds.client();
    client.ask("cluster");
    const parts: string[][] = [];
    while (parts.flat().length < names.length) parts.push(Object.keys((await client.taken()).versions));
    assert.deepEqual(parts.flat().sort(), names.toSorted());
    assert.deepEqual(
      parts.map(({ length }) => length),
      [3, 3, 3, 3],
    );
  });
});
