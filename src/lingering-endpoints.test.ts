import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { IrEndpoint, IrItem } from "#translate/ir.ts";
import type { TranslatedItem } from "#translate/translator.ts";
import { LingeringEndpoints } from "./lingering-endpoints.ts";

const NAME = "local/team/cart/80";
/** Enough of a cluster to say whether its endpoints are checked. */
const cluster = (timeout?: number): TranslatedItem => ({
  item: { type: "cluster", name: NAME, ...(timeout === undefined ? {} : { healthCheck: { timeout } }) } as IrItem,
  sources: [],
});

/** `10.0.0.1`, or `10.0.0.1!` for one that drains. */
function endpoints(...addresses: readonly string[]): TranslatedItem {
  const made = addresses.map((text): IrEndpoint => ({
    address: text.replace("!", ""),
    port: 80,
    health: text.endsWith("!") ? "draining" : "healthy",
    zone: undefined,
  }));
  return { item: { type: "endpoints", name: NAME, endpoints: made }, sources: [] };
}

/** `10.0.0.1 @1` for one of another priority than the first. */
function words({ item }: TranslatedItem): readonly string[] {
  assert.ok(item.type === "endpoints");
  return item.endpoints.map(
    ({ address, health, priority }) =>
      `${address}${health === "draining" ? "!" : ""}${priority === undefined ? "" : ` @${priority}`}`,
  );
}

function begin(timeout?: number) {
  const timers: { run: () => void; millis: number; isCancelled: boolean }[] = [];
  const later: (readonly string[])[] = [];
  const lingering = new LingeringEndpoints(
    (run, millis) => {
      const timer = { run, millis, isCancelled: false };
      timers.push(timer);
      return { cancel: () => void (timer.isCancelled = true) };
    },
    (made) => later.push(words(made)),
  );
  lingering.pass({ upserts: [cluster(timeout)], removals: [] });
  const put = (...addresses: readonly string[]): readonly string[] => {
    const [made] = lingering.pass({ upserts: [endpoints(...addresses)], removals: [] });
    assert.ok(made);
    return words(made);
  };
  return { lingering, put, timers, later };
}

suite("endpoints that are all replaced", () => {
  test("stay behind the new ones, for as long as the first check may take", () => {
    const { put, timers, later } = begin(2000);
    assert.deepEqual(put("10.0.0.1"), ["10.0.0.1"]);
    assert.deepEqual(put("10.0.0.2", "10.0.0.3"), ["10.0.0.2", "10.0.0.3", "10.0.0.1 @1"]);
    assert.equal(timers[0]?.millis, 7000);
    timers[0]?.run();
    assert.deepEqual(later, [["10.0.0.2", "10.0.0.3"]]);
  });

  test("stay where they drain instead, too", () => {
    const { put } = begin(2000);
    put("10.0.0.1");
    assert.deepEqual(put("10.0.0.1!", "10.0.0.2"), ["10.0.0.2", "10.0.0.1 @1"]);
  });

  test("go at once where one of them stands, where none comes, and where nobody checks", () => {
    const some = begin(2000);
    some.put("10.0.0.1", "10.0.0.2");
    assert.deepEqual(some.put("10.0.0.2", "10.0.0.3"), ["10.0.0.2", "10.0.0.3"]);
    assert.deepEqual(some.put(), []);
    assert.deepEqual(some.timers, []);
    const unchecked = begin();
    unchecked.put("10.0.0.1");
    assert.deepEqual(unchecked.put("10.0.0.2"), ["10.0.0.2"]);
  });

  test("an empty answer takes what lingers with it", () => {
    const { put } = begin(2000);
    put("10.0.0.1");
    put("10.0.0.2");
    assert.deepEqual(put(), []);
  });

  test("replaced again and again, each goes when its own time is over; one that comes back is itself", () => {
    const { put, timers, later } = begin(2000);
    put("10.0.0.1");
    put("10.0.0.2");
    assert.deepEqual(put("10.0.0.3"), ["10.0.0.3", "10.0.0.1 @1", "10.0.0.2 @1"]);
    timers[0]?.run();
    assert.deepEqual(later.at(-1), ["10.0.0.3", "10.0.0.2 @1"]);
    assert.deepEqual(put("10.0.0.2", "10.0.0.3"), ["10.0.0.2", "10.0.0.3"]);
    timers[1]?.run();
    assert.deepEqual(later.at(-1), ["10.0.0.2", "10.0.0.3"]);
  });

  test("of a cluster that goes nothing is waited for", () => {
    const { lingering, put, timers } = begin(2000);
    put("10.0.0.1");
    put("10.0.0.2");
    const removals = (["endpoints", "cluster"] as const).map((type) => ({ type, name: NAME }));
    lingering.pass({ upserts: [], removals });
    assert.equal(timers[0]?.isCancelled, true);
    assert.deepEqual(put("10.0.0.9"), ["10.0.0.9"]);
  });
});
