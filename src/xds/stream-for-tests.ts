import assert from "node:assert/strict";
import { packBytes } from "#lib/packed-bytes.ts";
import { DeltaDiscoveryRequest, type DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS, XDS_TYPES, type XdsResource, type XdsType } from "./resource.ts";
import { Snapshot } from "./snapshot.ts";
import { AdsStream } from "./stream.ts";

/** A stream with a clock that stands still until it is moved, and everything that it sent. */
export class StreamUnderTest {
  readonly snapshot = new Snapshot();
  readonly sent: DeltaDiscoveryResponse[] = [];
  readonly timers = new Set<{ readonly at: number; readonly run: () => void }>();
  writable = true;
  now = 0;
  readonly stream = new AdsStream({
    snapshot: this.snapshot,
    send: (response) => {
      this.sent.push(response);
      return this.writable;
    },
    now: () => this.now,
    mostBorrowed: 3,
    setTimer: (run, millis) => {
      const timer = { at: this.now + millis, run };
      this.timers.add(timer);
      return { cancel: () => this.timers.delete(timer) };
    },
  });

  constructor() {
    this.snapshot.open();
  }

  ask(type: XdsType, subscribe: readonly string[] = [], more: Partial<DeltaDiscoveryRequest> = {}): void {
    const typeUrl = TYPE_URLS[type];
    this.stream.request(
      DeltaDiscoveryRequest.fromPartial({ typeUrl, resourceNamesSubscribe: [...subscribe], ...more }),
    );
  }

  ack({ typeUrl, nonce }: DeltaDiscoveryResponse): void {
    this.stream.request(DeltaDiscoveryRequest.fromPartial({ typeUrl, responseNonce: nonce }));
  }

  /** What was sent since the last call, in short: `+` for resources, `-` for removals. */
  news(): readonly string[] {
    return this.sent.splice(0).map(words);
  }

  /** As {@link news}, acknowledged. */
  taken(): readonly string[] {
    const taken: string[] = [];
    for (let response = this.sent.shift(); response !== undefined; response = this.sent.shift()) {
      taken.push(words(response));
      this.ack(response);
    }
    return taken;
  }

  pass(millis: number): void {
    const end = this.now + millis;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers.delete(next);
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

function words({ typeUrl, resources, removedResources }: DeltaDiscoveryResponse): string {
  const type = XDS_TYPES.find((candidate) => TYPE_URLS[candidate] === typeUrl);
  const changes = [...resources.map(({ name }) => `+${name}`), ...removedResources.map((name) => `-${name}`)];
  return `${type}: ${changes.join(" ")}`;
}

export function resource(type: XdsType, name: string, version = "1", clusters: readonly string[] = []): XdsResource {
  return { type, name, version, bytes: packBytes(Buffer.from(version)), clusters, sources: [] };
}

/** A stream that has taken cluster `a` and its endpoints, table `http`, and host `http/a.test` that uses it. */
export function running(): StreamUnderTest {
  const under = new StreamUnderTest();
  under.snapshot.apply([
    resource("cluster", "a"),
    resource("endpoints", "a"),
    resource("routeTable", "http"),
    resource("virtualHost", "http/a.test", "1", ["a"]),
  ]);
  under.ask("cluster");
  under.taken();
  under.ask("endpoints", ["a"]);
  under.taken();
  under.ask("routeTable", ["http"]);
  under.taken();
  under.ask("virtualHost");
  assert.deepEqual(under.taken(), ["virtualHost: +http/a.test"]);
  return under;
}
