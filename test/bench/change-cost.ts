import assert from "node:assert/strict";
import type { SourceChange } from "#store/changes.ts";
import { MemoryArchive } from "#store/archive.ts";
import type { TranslationDelta } from "#translate/translator.ts";
import { ControlPlane } from "../../src/control-plane.ts";
import { changesOf, settingsFor } from "../integration/support/gateway.ts";
import { hostChanges, hostManifest } from "./home.ts";
import { InProcessClient } from "./in-process-client.ts";
import { atMost, median, type Report } from "./report.ts";
import { certificateSecrets } from "./secrets.ts";

const SIZES = [100, 1_000, 10_000];
const CHANGES = 40;

/** What one change costs the control plane: its CPU until Envoy has everything, and the bytes that are sent. */
export function run(report: Report): Promise<void> {
  const secrets = certificateSecrets(100);
  for (const size of SIZES) {
    const home = new Home(size, secrets);
    // The first changes pay for code that has not been compiled yet.
    home.measure("warm-up", (index) => hostChanges(size + 20_000 + index, 1), 20);
    const http = home.measure("route", (index) => hostChanges(size + index, 1));
    const https = home.measure("route", (index) => hostChanges(size + 1_000 + index, 1, { tls: true }));
    const endpoint = home.measure("endpoint", (index) => endpointChange(index));
    assert.deepEqual(
      http.built,
      ["host", "upstream"],
      "an added route builds its host and its upstream, and nothing else",
    );
    assert.deepEqual(https.built, ["host", "upstream"], "so does one with TLS");
    assert.deepEqual(endpoint.built, ["upstream"], "a changed endpoint builds its upstream, and nothing else");
    const gated = size === 10_000;
    for (const [name, cost, cpuLimit, byteLimit] of [
      ["added route, HTTP", http, 5, 4096],
      ["added route, HTTPS", https, 5, 4096],
      ["changed endpoint", endpoint, 2, 2048],
    ] as const) {
      const title = `${name}, ${size} hosts`;
      report(
        gated
          ? atMost(`${title}: CPU`, cost.millis, "ms", cpuLimit)
          : { name: `${title}: CPU`, value: cost.millis, unit: "ms" },
      );
      report(
        gated
          ? atMost(`${title}: sent`, cost.bytes, "bytes", byteLimit)
          : { name: `${title}: sent`, value: cost.bytes, unit: "bytes" },
      );
    }
  }
  return Promise.resolve();
}

interface Cost {
  /** Medians of all changes. */
  readonly millis: number;
  readonly bytes: number;
  /** Kinds of units that a change built, each change the same. */
  readonly built: readonly string[];
}

class Home {
  readonly #controlPlane: ControlPlane;
  readonly #client: InProcessClient;
  #delta: TranslationDelta | undefined;

  constructor(size: number, secrets: readonly SourceChange[]) {
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
    this.#controlPlane.store.apply([...secrets, ...hostChanges(0, size)]);
    this.#controlPlane.open();
    this.#client = new InProcessClient(this.#controlPlane.snapshot);
    assert.equal(this.#controlPlane.snapshot.unacknowledged, 0, "the client took everything");
  }

  measure(what: string, changesAt: (index: number) => readonly SourceChange[], count = CHANGES): Cost {
    const millis: number[] = [];
    const bytes: number[] = [];
    let built: readonly string[] = [];
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
      built = [...new Set(this.#delta?.built.map((unit) => unit.slice(0, unit.indexOf(":"))))].sort();
    }
    return { millis: median(millis), bytes: median(bytes), built };
  }
}

function endpointChange(index: number): readonly SourceChange[] {
  const manifest = hostManifest(index, { addresses: ["10.9.9.9", `10.9.8.${index}`] });
  return changesOf(manifest.slice(manifest.lastIndexOf("---")));
}
