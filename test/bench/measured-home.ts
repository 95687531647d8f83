import assert from "node:assert/strict";
import { MemoryArchive } from "#store/archive.ts";
import type { SourceChange } from "#store/changes.ts";
import type { TranslationDelta } from "#translate/translator.ts";
import { splitUnitId } from "#translate/unit.ts";
import { ControlPlane } from "../../src/control-plane.ts";
import { settingsFor } from "../integration/support/gateway.ts";
import { InProcessClient } from "./in-process-client.ts";
import { median } from "./report.ts";

export interface Cost {
  /** Medians of all changes: CPU of the control plane until the client has everything, and what was sent. */
  readonly millis: number;
  readonly bytes: number;
  /** Kinds of units that were built. */
  readonly built: readonly string[];
  /** The most units that a change built. */
  readonly units: number;
}

/** A control plane in this process, with a client that takes everything at once. */
export class MeasuredHome {
  readonly #controlPlane: ControlPlane;
  readonly #client: InProcessClient;
  #delta: TranslationDelta | undefined;

  constructor(objects: readonly SourceChange[]) {
    this.#controlPlane = new ControlPlane({
      translate: settingsFor(8080, 8443),
      listeners: { streamIdleTimeout: 300_000, accessLog: undefined },
      archive: new MemoryArchive(),
      now: Date.now,
    });
    this.#controlPlane.listen({
      translated: ({ delta }) => {
        this.#delta = delta;
      },
    });
    this.#controlPlane.store.apply(objects);
    this.#controlPlane.open();
    this.#client = new InProcessClient(this.#controlPlane.snapshot);
    assert.equal(this.#controlPlane.snapshot.unacknowledged, 0, "the client took everything");
    const errors = [...this.#controlPlane.translator.eachVerdict()].filter(({ severity }) => severity === "error");
    assert.deepEqual(errors, [], "all objects are as they should be");
  }

  /** Makes `count` changes, one after the other. Each has to reach the client. */
  measure(what: string, changesAt: (index: number) => readonly SourceChange[], count: number): Cost {
    const millis: number[] = [];
    const bytes: number[] = [];
    let built: readonly string[] = [];
    let units = 0;
    for (let index = 0; index < count; index++) {
      const changes = changesAt(index);
      this.#client.bytes = 0;
      const before = process.cpuUsage();
      this.#controlPlane.store.apply(changes);
      this.#controlPlane.translateNow();
      this.#client.settle();
      const { user, system } = process.cpuUsage(before);
      millis.push((user + system) / 1000);
      bytes.push(this.#client.bytes);
      assert.equal(this.#controlPlane.snapshot.unacknowledged, 0, `${what} ${index} was taken`);
      assert.ok(this.#client.bytes > 0, `${what} ${index} was sent`);
      const all = this.#delta?.built ?? [];
      built = [...new Set([...built, ...all.map((unit) => splitUnitId(unit).kind)])].sort();
      units = Math.max(units, all.length);
    }
    return { millis: median(millis), bytes: median(bytes), built, units };
  }
}
