import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Secret } from "#proto/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import { resource, version } from "./support/resources.ts";
import { XdsUnderTest } from "./support/xds-under-test.ts";

suite("delta xDS: secrets by server name", () => {
  test("the name itself, the wildcard above it, the catch-all; each under the name that was asked for", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([
      resource("secret", "www.shop.test", "exact"),
      resource("secret", "*.shop.test", "wildcard"),
      resource("secret", "*", "any"),
    ]);
    const client = xds.client();
    client.ask("secret", { subscribe: ["www.shop.test", "api.shop.test", "a.b.shop.test", "shop.test", "*"] });
    const { versions, removed, bytes } = await client.taken();
    assert.deepEqual(versions, {
      "www.shop.test": version("exact"),
      "api.shop.test": version("wildcard"),
      "a.b.shop.test": version("any"),
      "shop.test": version("any"),
      "*": version("any"),
    });
    assert.deepEqual(removed, []);
    for (const [name, secret] of bytes) assert.equal(Secret.decode(secret).name, name);
  });

  test("a server name has no case, and may end with the root's dot", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("secret", "www.shop.test", "exact"), resource("secret", "*.shop.test", "wildcard")]);
    const client = xds.client();
    client.ask("secret", { subscribe: ["WWW.Shop.test", "www.shop.test.", "API.shop.TEST"] });
    assert.deepEqual((await client.taken()).versions, {
      "WWW.Shop.test": version("exact"),
      "www.shop.test.": version("exact"),
      "API.shop.TEST": version("wildcard"),
    });
    xds.snapshot.apply([resource("secret", "www.shop.test", "renewed")]);
    assert.deepEqual((await client.taken()).versions, {
      "WWW.Shop.test": version("renewed"),
      "www.shop.test.": version("renewed"),
    });
    client.ask("secret", { unsubscribe: ["WWW.Shop.test"] });
    xds.snapshot.apply([resource("secret", "*.shop.test", "renewed")]);
    await client.rest();
    xds.snapshot.apply([resource("secret", "www.shop.test", "last")]);
    assert.deepEqual((await client.taken()).versions, { "www.shop.test.": version("last") });
  });

  test("which clients are good no certificate answers, and what is gone is not called gone", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([
      resource("secret", "*", "any"),
      resource("secret", "*.shop.test", "wildcard"),
      resource("secret", "clients/www.shop.test", "authorities"),
    ]);
    const client = xds.client();
    client.ask("secret", { subscribe: ["clients/www.shop.test", "clients/api.shop.test"] });
    assert.deepEqual(await client.taken().then(({ versions, removed }) => ({ versions, removed })), {
      versions: { "clients/www.shop.test": version("authorities") },
      removed: [],
    });
    xds.snapshot.apply([], [{ type: "secret", name: "clients/www.shop.test" }]);
    xds.snapshot.apply([resource("secret", "*", "renewed"), resource("secret", "*.shop.test", "renewed")]);
    assert.deepEqual(await client.rest(), []);
  });

  test("an unknown name is answered at once: a handshake that waits is a client that hangs", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("secret", { subscribe: ["nobody.test"] });
    assert.deepEqual((await client.taken()).removed, ["nobody.test"]);
    client.ask("secret", { subscribe: ["nobody.test"] });
    assert.deepEqual((await client.taken()).removed, ["nobody.test"]);
  });

  test("a subscribed name follows what answers it", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("secret", { subscribe: ["www.shop.test"] });
    assert.deepEqual((await client.taken()).removed, ["www.shop.test"]);
    const steps = [
      [resource("secret", "*", "any"), "any"],
      [resource("secret", "*.shop.test", "wildcard"), "wildcard"],
      [resource("secret", "www.shop.test", "exact"), "exact"],
      [resource("secret", "www.shop.test", "renewed"), "renewed"],
    ] as const;
    for (const [secret, content] of steps) {
      xds.snapshot.apply([secret]);
      assert.deepEqual((await client.taken()).versions, { "www.shop.test": version(content) });
    }
    xds.snapshot.apply([resource("secret", "*", "any again"), resource("secret", "*.shop.test", "wildcard again")]);
    assert.deepEqual(await client.rest(), []);
    xds.snapshot.apply([], [{ type: "secret", name: "www.shop.test" }]);
    assert.deepEqual((await client.taken()).versions, { "www.shop.test": version("wildcard again") });
    xds.snapshot.apply([], [{ type: "secret", name: "*.shop.test" }]);
    assert.deepEqual((await client.taken()).versions, { "www.shop.test": version("any again") });
    xds.snapshot.apply([], [{ type: "secret", name: "*" }]);
    assert.deepEqual((await client.taken()).removed, ["www.shop.test"]);
  });

  test("an acknowledgement under any name is the secret's; one that nobody asked for is not waited for", async () => {
    await using xds = await XdsUnderTest.start();
    const accepted: string[] = [];
    xds.snapshot.listen({ acknowledged: ({ name }) => accepted.push(name) });
    xds.snapshot.apply([resource("secret", "*.shop.test", "1"), resource("secret", "quiet.test", "1")]);
    assert.equal(xds.snapshot.unacknowledged, 0);
    const client = xds.client();
    client.ask("secret", { subscribe: ["www.shop.test"] });
    await client.taken();
    await client.rest();
    assert.deepEqual(accepted, ["*.shop.test"]);
  });

  test("a refused certificate goes back to the one before it, under every name", async () => {
    await using xds = await XdsUnderTest.start();
    xds.snapshot.apply([resource("secret", "*.shop.test", "good")]);
    const client = xds.client();
    client.ask("secret", { subscribe: ["a.shop.test", "b.shop.test"] });
    await client.taken();
    xds.snapshot.apply([resource("secret", "*.shop.test", "bad")]);
    client.nack(await client.next(), "unusable");
    for (const half of [await client.next(), await client.next()]) client.nack(half, "unusable");
    for (const { versions } of await client.rest())
      assert.ok(Object.values(versions).every((sent) => sent === version("good")));
    assert.deepEqual(
      xds.snapshot.quarantined().map(({ name, servesEarlier }) => [name, servesEarlier]),
      [["*.shop.test", true]],
    );
    client.ask("secret", { subscribe: ["c.shop.test"] });
    assert.deepEqual((await client.taken()).versions, { "c.shop.test": version("good") });
  });
});
