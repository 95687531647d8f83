import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { packBytes } from "#lib/packed-bytes.ts";
import type { ResourceSource, XdsResource, XdsType } from "./resource.ts";
import { Snapshot } from "./snapshot.ts";

const form = (name: string, hash: string): ResourceSource => ({
  ref: { kind: "Ingress", namespace: "team", name },
  hash,
});
const F1 = form("a", "1");
const F2 = form("a", "2");

function resource(type: XdsType, name: string, version: string, ...sources: readonly ResourceSource[]): XdsResource {
  return { type, name, version, bytes: packBytes(Buffer.from(version)), clusters: [], sources };
}

/** A snapshot with what it tells. */
function opened(): { snapshot: Snapshot; accepted: string[]; changed: string[]; refused: string[] } {
  const snapshot = new Snapshot();
  snapshot.open();
  const [accepted, changed, refused]: [string[], string[], string[]] = [[], [], []];
  snapshot.listen({
    accepted: (sources) => accepted.push(...sources.map(({ ref, hash }) => `${ref.name}@${hash}`)),
    changed: (names) => changed.push(...names.map(({ type, name }) => `${type} ${name}`)),
    refused: ({ name, version }) => refused.push(`${name}@${version}`),
  });
  return { snapshot, accepted, changed, refused };
}

suite("Snapshot", () => {
  test("a form is accepted when all that was made from it is acknowledged", () => {
    const { snapshot, accepted } = opened();
    const [host, secure] = [resource("virtualHost", "http/a", "1", F1), resource("virtualHost", "https/a", "1", F1)];
    snapshot.apply([host, secure]);
    assert.deepEqual([accepted, snapshot.isPending(F1), snapshot.unacknowledged], [[], true, 2]);
    snapshot.acknowledge(host);
    assert.deepEqual([accepted, snapshot.unacknowledged], [[], 1]);
    snapshot.acknowledge(secure);
    assert.deepEqual([accepted, snapshot.isPending(F1), snapshot.unacknowledged], [["a@1"], false, 0]);
  });

  test("of a form that changes one resource of two, the unchanged one first, the other one is waited for", () => {
    const { snapshot, accepted } = opened();
    const [host, secure] = [resource("virtualHost", "http/a", "1", F1), resource("virtualHost", "https/a", "1", F1)];
    snapshot.apply([host, secure]);
    snapshot.acknowledge(host);
    snapshot.acknowledge(secure);
    const changed = resource("virtualHost", "https/a", "2", F2);
    snapshot.apply([resource("virtualHost", "http/a", "1", F2), changed]);
    assert.deepEqual(accepted, ["a@1"]);
    snapshot.acknowledge(changed);
    assert.deepEqual(accepted, ["a@1", "a@2"]);
  });

  test("a form that changes nothing is accepted at once, and nothing is pushed", () => {
    const { snapshot, accepted, changed } = opened();
    const host = resource("virtualHost", "http/a", "1", F1);
    snapshot.apply([host]);
    snapshot.acknowledge(host);
    changed.splice(0);
    snapshot.apply([resource("virtualHost", "http/a", "1", F2)]);
    assert.deepEqual([accepted, changed], [["a@1", "a@2"], []]);
  });

  test("a form is not accepted for a resource that was refused, nor for one that is gone", () => {
    const { snapshot, accepted, refused } = opened();
    const [good, bad] = [resource("virtualHost", "http/a", "1", F1), resource("virtualHost", "https/a", "1", F1)];
    snapshot.apply([good, bad]);
    snapshot.refuse(bad, "no");
    snapshot.acknowledge(good);
    assert.deepEqual([accepted, refused, snapshot.isPending(F1)], [[], ["https/a@1"], true]);
    assert.deepEqual([snapshot.unacknowledged, snapshot.isSettled(bad), snapshot.isSettled(good)], [0, false, true]);
    snapshot.apply([], [bad]);
    assert.deepEqual([snapshot.isPending(F1), snapshot.isSettled(bad), accepted], [false, true, []]);
  });

  test("an answer for what was wanted before is what there is to go back to", () => {
    const { snapshot } = opened();
    const versions = ["1", "2", "3"].map((version) => resource("listener", "a", version));
    for (const version of versions) snapshot.apply([version]);
    snapshot.acknowledge(versions[0]!);
    snapshot.acknowledge(versions[1]!);
    assert.deepEqual([snapshot.get("listener", "a")?.version, snapshot.unacknowledged], ["3", 1]);
    snapshot.refuse(versions[2]!, "no");
    assert.deepEqual([snapshot.get("listener", "a")?.version, snapshot.unacknowledged], ["2", 0]);
    // A slow client's answer for an old version takes nothing away from what is taken since.
    snapshot.apply([resource("listener", "a", "4")]);
    snapshot.acknowledge(resource("listener", "a", "4"));
    snapshot.acknowledge(versions[0]!);
    snapshot.apply([resource("listener", "a", "5")]);
    snapshot.refuse(resource("listener", "a", "5"), "no");
    assert.equal(snapshot.get("listener", "a")?.version, "4");
  });

  test("a refusal is told once, and ends with the next version", () => {
    const { snapshot, refused } = opened();
    const bad = resource("listener", "a", "1");
    snapshot.apply([bad]);
    snapshot.refuse(bad, "no");
    snapshot.refuse(bad, "no");
    snapshot.refuse(resource("listener", "a", "0"), "late");
    assert.deepEqual([refused, snapshot.quarantined().length, snapshot.get("listener", "a")], [["a@1"], 1, undefined]);
    snapshot.apply([resource("listener", "a", "2")]);
    assert.deepEqual([snapshot.quarantined(), snapshot.get("listener", "a")?.version], [[], "2"]);
  });

  test("what is withdrawn is gone with all that is known of it", () => {
    const { snapshot } = opened();
    const host = resource("listener", "a", "1");
    snapshot.apply([host]);
    snapshot.acknowledge(host);
    snapshot.apply([], [host]);
    snapshot.acknowledge(host);
    assert.deepEqual([snapshot.names("listener"), snapshot.unacknowledged], [[], 0]);
    snapshot.apply([resource("listener", "a", "2")]);
    snapshot.refuse(resource("listener", "a", "2"), "no");
    assert.equal(snapshot.get("listener", "a"), undefined);
  });
});
