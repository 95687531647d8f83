import assert from "node:assert/strict";
import { entryFacts } from "./entry.ts";
import { type EntryForTests, entryForTests } from "./entry-for-tests.ts";
import type { NamespaceScope } from "./filter.ts";
import type { DeltaMessage, PinTarget, ServerMessage, SnapshotMessage } from "./messages.ts";
import { rawRow } from "./raw-row.ts";
import { SAMPLING } from "./sampling-for-tests.ts";
import { TrafficCore } from "./traffic-core.ts";

export const SHOP = "shop.localhost/Ingress/team-shop/shop/prefix /";
export const BLOG = "blog.localhost/Ingress/team-blog/blog/prefix /";

/** As a counter is called. */
export const CART_OK = `200 - local/team-shop/cart/80 http ${SHOP}`;

/** A core with a clock of the test's own, that begins at 1,000 seconds. `later`: when turns of the event loop come; else at once. */
export function world(later: (turn: () => void) => void = (turn) => turn()) {
  const clock = { now: 1_000_000 };
  const pinned: (readonly PinTarget[])[] = [];
  const core = new TrafficCore({
    retention: 900_000,
    retentionBytes: 10_000_000,
    now: () => clock.now,
    sampling: () => SAMPLING,
    onPins: (targets) => void pinned.push(targets),
    later,
  });
  const values = new Map<string, number>();
  let read = clock.now;
  /** A reading of the counters: requests since the one before, by `<code> <flags> <cluster> http <route>`. */
  const count = (requests: Readonly<Record<string, number>> = {}) => {
    for (const [key, more] of Object.entries(requests)) values.set(key, (values.get(key) ?? 0) + more);
    const changed = [...values].map(([key, value]) => [`binnacle.requests.request.${key}`, value] as const);
    core.applyCounters({ envoy: "e1", changed, gone: [], restarted: false }, read, clock.now);
    read = clock.now;
  };
  /** Envoy lets these counters go: what it had is counted from 0 when it comes again. */
  const letGo = (...keys: readonly string[]) => {
    const gone = keys.filter((key) => values.delete(key)).map((key) => `binnacle.requests.request.${key}`);
    core.applyCounters({ envoy: "e1", changed: [], gone, restarted: false }, read, clock.now);
  };
  const rows = (...wishes: readonly EntryForTests[]) => {
    const raws = wishes.map((wish) => {
      const entry = entryForTests({ start: clock.now - 20, ...wish });
      const kept = (wish.code ?? 200) >= 500 ? "failure" : "sample";
      return rawRow(entry, entryFacts(entry), { envoy: "e1", kept, weight: 1, keepQueryValues: false });
    });
    const batch = { received: { failures: 0, sample: raws.length }, malformed: 0, dropped: 0, newest: clock.now };
    core.applyBatch({ ...batch, flows: [], endpoints: [], gateways: [], rows: raws });
  };
  const second = () => {
    clock.now += 1000;
    count();
    core.tick();
    core.flush();
  };
  const connect = (
    message: object | "nothing" = { type: "subscribe" },
    scope: NamespaceScope = "all",
    operates = scope,
  ) => {
    const messages: ServerMessage[] = [];
    const client = { ready: true };
    const session = core.open({
      name: "t",
      scope,
      operates,
      send: (sent) => void messages.push(sent),
      isReady: () => client.ready,
    });
    if (message !== "nothing") session.receive(JSON.stringify(message));
    return { messages, session, client, last: () => messages.at(-1) };
  };
  count();
  return { clock, core, count, letGo, rows, second, connect, pinned };
}

export function frame(message: ServerMessage | undefined): SnapshotMessage | DeltaMessage {
  assert.ok(message?.type === "snapshot" || message?.type === "delta", message?.type ?? "nothing was sent");
  return message;
}
