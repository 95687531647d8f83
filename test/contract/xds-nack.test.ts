import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Quarantine } from "#xds/snapshot.ts";
import type { XdsResource } from "#xds/resource.ts";
import type { AdsClient, Received } from "./support/ads-client.ts";
import { ingressForm, resource, version } from "./support/resources.ts";
import { XdsUnderTest } from "./support/xds-under-test.ts";

/** Answers as Envoy does with all-or-nothing types: a response that holds something bad is refused whole. Until quiet. */
async function judge(
  client: AdsClient,
  isBad: (name: string, version: string) => boolean,
): Promise<readonly Received[]> {
  const seen: Received[] = [];
  for (;;) {
    const received = await client.rest();
    if (received.length === 0) return seen;
    for (const response of received) {
      seen.push(response);
      const bad = Object.entries(response.versions).filter(([name, version]) => isBad(name, version));
      if (bad.length === 0) client.ack(response);
      else client.nack(response, `bad: ${bad.length} of ${Object.keys(response.versions).length}`);
    }
  }
}

function have(seen: readonly Received[], isBad: (name: string, version: string) => boolean): Record<string, string> {
  const has: Record<string, string> = {};
  for (const { versions, removed } of seen) {
    if (Object.entries(versions).some(([name, version]) => isBad(name, version))) continue;
    Object.assign(has, versions);
    for (const name of removed) delete has[name];
  }
  return has;
}

function letters(count: number, content: string): XdsResource[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `host${String(index).padStart(3, "0")}`;
    return resource("listener", name, `${content} ${name}`, { sources: [ingressForm(name, content)] });
  });
}

suite("delta xDS: refusals", () => {
  test("of a hundred new resources the bad one is found, and everything else is delivered", async () => {
    const refusals: Quarantine[] = [];
    await using xds = await XdsUnderTest.start();
    xds.snapshot.listen({ refused: (quarantine) => refusals.push(quarantine) });
    const client = xds.client();
    client.ask("listener");
    xds.snapshot.apply(letters(100, "new"));
    const isBad = named("host042");
    const seen = await judge(client, isBad);
    assert.deepEqual(
      refusals.map(({ name, message, servesEarlier, sources }) => ({ name, message, servesEarlier, sources })),
      [
        {
          name: "host042",
          message: "bad: 1 of 1",
          servesEarlier: false,
          sources: [ingressForm("host042", "new")],
        },
      ],
    );
    assert.equal(Object.keys(have(seen, isBad)).length, 99);
    assert.equal(xds.snapshot.unacknowledged, 0);
    assert.ok(seen.length < 20, `${seen.length} responses`);
  });

  test("several bad ones are found in one go", async () => {
    const refusals: string[] = [];
    await using xds = await XdsUnderTest.start();
    xds.snapshot.listen({ refused: ({ name }) => refusals.push(name) });
    const bad = new Set(["host000", "host049", "host050", "host099"]);
    const client = xds.client();
    client.ask("listener");
    xds.snapshot.apply(letters(100, "new"));
    const seen = await judge(client, (name) => bad.has(name));
    assert.deepEqual(refusals.toSorted(), [...bad].toSorted());
    assert.equal(Object.keys(have(seen, (name) => bad.has(name))).length, 96);
  });

  test("what was refused goes on in its earlier form, and is not sent again until it changes", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("listener");
    xds.snapshot.apply([resource("listener", "a", "good"), resource("listener", "b", "good")]);
    await client.taken();
    xds.snapshot.apply([resource("listener", "a", "bad")]);
    client.nack(await client.next(), "no");
    assert.deepEqual(await client.rest(), []);
    const [quarantine] = xds.snapshot.quarantined();
    assert.deepEqual([quarantine?.name, quarantine?.servesEarlier], ["a", true]);
    // Another client, or the same one after a restart, gets the earlier form.
    const second = xds.client("second");
    second.ask("listener");
    assert.deepEqual((await second.taken()).versions, { a: version("good"), b: version("good") });
    xds.snapshot.apply([resource("listener", "a", "bad")]);
    assert.deepEqual(await client.rest(), []);
    xds.snapshot.apply([resource("listener", "a", "better")]);
    assert.deepEqual((await client.taken()).versions, { a: version("better") });
    assert.deepEqual(xds.snapshot.quarantined(), []);
  });

  test("what was refused and has no earlier form is not served", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("listener");
    xds.snapshot.apply([resource("listener", "a", "bad")]);
    client.nack(await client.next(), "no");
    assert.deepEqual(await client.rest(), []);
    const second = xds.client("second");
    second.ask("listener");
    assert.deepEqual((await second.taken()).versions, {});
    assert.deepEqual(await second.rest(), []);
  });

  test("a removal in a refused response is sent again", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("listener");
    xds.snapshot.apply([resource("listener", "gone", "1")]);
    await client.taken();
    xds.snapshot.apply(
      [resource("listener", "bad", "1"), resource("listener", "good", "1")],
      [{ type: "listener", name: "gone" }],
    );
    const isBad = named("bad");
    const seen = await judge(client, isBad);
    assert.deepEqual(have(seen, isBad), { good: version("1") });
    const last = seen.filter(({ removed }) => removed.includes("gone")).at(-1);
    assert.ok(
      last !== undefined && last.versions["bad"] === undefined,
      "the removal came in a response that was taken",
    );
  });

  test("a change while halves are on their way is not lost", async () => {
    await using xds = await XdsUnderTest.start();
    const client = xds.client();
    client.ask("listener");
    xds.snapshot.apply(letters(4, "old"));
    const first = await client.next();
    xds.snapshot.apply(letters(4, "new"));
    client.nack(first, "bad");
    const seen = await judge(client, (_name, version) => version === resourceVersion("host001", "old"));
    const has = have(seen, (_name, version) => version === resourceVersion("host001", "old"));
    assert.deepEqual(has, Object.fromEntries(letters(4, "new").map(({ name, version }) => [name, version])));
    assert.deepEqual(xds.snapshot.quarantined(), []);
  });

  test("a refusal of one client does not keep the others from what they can take", async () => {
    await using xds = await XdsUnderTest.start();
    const [first, second] = [xds.client("first"), xds.client("second")];
    first.ask("listener");
    second.ask("listener");
    await Promise.all([first.rest(), second.rest()]);
    xds.snapshot.apply([resource("listener", "a", "1")]);
    first.ack(await first.next());
    await first.rest();
    second.nack(await second.next(), "not here");
    assert.deepEqual([await second.rest(), await first.rest()], [[], []]);
    xds.snapshot.apply([resource("listener", "a", "2")]);
    assert.deepEqual((await first.taken()).versions, { a: version("2") });
    assert.deepEqual((await second.taken()).versions, { a: version("2") });
    assert.deepEqual([await second.rest(), xds.snapshot.quarantined()], [[], []]);
  });
});

function named(bad: string): (name: string) => boolean {
  return (name) => name === bad;
}

function resourceVersion(name: string, content: string): string {
  return version(`${content} ${name}`);
}
