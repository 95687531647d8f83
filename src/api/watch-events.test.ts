import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServedChange, ServedObject } from "#kube-api/served-object.ts";
import type { KubeView } from "./ports/kube.ts";
import { WatchEvents } from "./watch-events.ts";

function served(name: string, version: number): ServedObject {
  const ref = { kind: "Service", namespace: "team", name } as const;
  return { ref, object: undefined, version, inUse: "none", problems: [], origin: "", addresses: [] };
}

/** A view of these objects, and of the changes that the test adds. */
function viewOf(objects: readonly ServedObject[], changes: ServedChange[]): KubeView {
  return {
    version: () => changes.at(-1)?.version ?? 10,
    get: () => undefined,
    list: () => objects,
    since: (version) => (version < 10 ? undefined : changes.filter((change) => change.version > version)),
    onChange: () => () => {},
    home: "the test",
  };
}

const QUERY = { resourceVersion: undefined, bookmarks: true, sendInitialEvents: true };

/** At most so many events, in words. */
function take(events: WatchEvents, most: number): readonly string[] {
  const told: string[] = [];
  events.take((event) => {
    switch (event.type) {
      case "ERROR":
        told.push(event.status.reason);
        break;
      case "BOOKMARK":
        told.push(`${event.initialEventsEnd ? "all until" : "until"} ${event.version}`);
        break;
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        told.push(`${event.type} ${event.object.ref.name}`);
    }
    return told.length < most;
  });
  return told;
}

test("a reader is told as much as it takes, and later the rest: what there was, its end, what changed meanwhile", () => {
  const changes: ServedChange[] = [];
  const kube = viewOf(
    ["a", "b", "c", "d"].map((name, at) => served(name, at)),
    changes,
  );
  const events = new WatchEvents(kube, { kind: "Service", query: QUERY, isShown: ({ ref }) => ref.name !== "c" });
  assert.deepEqual(take(events, 2), ["ADDED a", "ADDED b"]);
  assert.equal(events.bookmark(), undefined, "a client that came back from here would miss the rest");
  changes.push({ version: 11, before: served("a", 0), after: served("a", 11) });
  assert.deepEqual(take(events, 2), ["ADDED d", "all until 10"]);
  changes.push({ version: 12, before: served("b", 1), after: undefined });
  assert.deepEqual(take(events, 1), ["MODIFIED a"]);
  assert.deepEqual(take(events, 5), ["DELETED b"]);
  assert.deepEqual(take(events, 5), []);
  assert.deepEqual(events.bookmark(), { type: "BOOKMARK", version: 12, initialEventsEnd: false });
});

test("a version that is not remembered is told Expired, also where the reader was too slow for it", () => {
  const query = { ...QUERY, sendInitialEvents: false, resourceVersion: 9 };
  const events = new WatchEvents(viewOf([], []), { kind: "Service", query, isShown: () => true });
  assert.deepEqual(take(events, 5), ["Expired"]);
});
