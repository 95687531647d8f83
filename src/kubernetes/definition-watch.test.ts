import assert from "node:assert/strict";
import { test } from "node:test";
import { DefinitionWatch } from "./definition-watch.ts";
import { KubeError } from "./kube-error.ts";
import { ManualClock, settled } from "./manual-clock.ts";
import { HTTP_PROXIES } from "./resource-types.ts";
import { ScriptedClient } from "./scripted-client.ts";

const LIST = "list customresourcedefinitions.apiextensions.k8s.io";
const WATCH = "watch customresourcedefinitions.apiextensions.k8s.io";
const definition = (resourceVersion: string) => ({
  metadata: { name: "httpproxies.projectcontour.io", resourceVersion },
});
const none = { resourceVersion: "7", items: [] };

class Bench {
  readonly client = new ScriptedClient();
  readonly clock = new ManualClock();
  readonly #watch: DefinitionWatch;
  readonly #stop = new AbortController();
  /** What each question was answered with. */
  readonly told: boolean[] = [];

  constructor() {
    this.client.answerList = () => none;
    this.#watch = new DefinitionWatch({ client: this.client, type: HTTP_PROXIES, clock: this.clock, random: () => 1 });
  }

  async ask(): Promise<void> {
    void this.#watch.written(this.#stop.signal).then((comes) => this.told.push(comes));
    await settled();
  }

  async calls(): Promise<readonly string[]> {
    await settled();
    return this.client.calls.splice(0);
  }

  stop(): void {
    this.#stop.abort();
  }
}

test("one that is missing is waited for by a watch of its name; each time that it is written is told once", async () => {
  const bench = new Bench();
  await bench.ask();
  assert.deepEqual(await bench.calls(), [LIST, `${WATCH} 7`]);
  assert.equal(bench.client.watching.options.fieldSelector, "metadata.name=httpproxies.projectcontour.io");
  await bench.clock.pass(280_000);
  bench.client.watching.send("BOOKMARK", { metadata: { resourceVersion: "9" } });
  await settled();
  bench.client.watching.end();
  assert.deepEqual(await bench.calls(), [`${WATCH} 9`], "at rest there are only watches");
  bench.client.watching.send("ADDED", definition("11"));
  await settled();
  assert.deepEqual(bench.told, [true]);

  await bench.ask();
  assert.deepEqual(await bench.calls(), [`${WATCH} 11`]);
  bench.client.watching.send("DELETED", definition("12"));
  await settled();
  assert.deepEqual(bench.told, [true], "that it is gone is no reason to look");
  bench.client.watching.send("MODIFIED", definition("13"));
  await settled();
  assert.deepEqual(bench.told, [true, true]);
});

test("one that is there already is told at once", async () => {
  const bench = new Bench();
  bench.client.answerList = () => ({ resourceVersion: "7", items: [definition("3")] });
  await bench.ask();
  assert.deepEqual(bench.told, [true]);
});

test("where it cannot be watched that is told: no right, or a server that is too old", async () => {
  for (const [code, reason] of [
    [403, "Forbidden"],
    [404, "NotFound"],
  ] as const) {
    const bench = new Bench();
    bench.client.answerList = () => new KubeError(reason, { code, reason });
    await bench.ask();
    assert.deepEqual(bench.told, [false]);
  }
});

test("a server that is away is tried again, later each time; too old a state is listed anew; the signal ends it", async () => {
  const bench = new Bench();
  bench.client.answerList = () => new KubeError("away", { code: 0, reason: "Unreachable" });
  await bench.ask();
  await bench.clock.pass(2000);
  assert.equal((await bench.calls()).length, 4, "after 0, 250, 750 and 1750 ms");
  bench.client.answerList = () => none;
  await bench.clock.pass(2000);
  assert.deepEqual(await bench.calls(), [LIST, `${WATCH} 7`]);
  bench.client.watching.end(new KubeError("expired", { code: 410, reason: "Expired" }));
  await bench.clock.pass(5000);
  assert.deepEqual(await bench.calls(), [LIST, `${WATCH} 7`]);
  bench.client.watching.end(new KubeError("etcd", { code: 500, reason: "InternalError" }));
  await bench.clock.pass(10_000);
  assert.deepEqual(await bench.calls(), [LIST, `${WATCH} 7`], "so is one that a watch ends at by an error");
  bench.stop();
  await settled();
  assert.deepEqual(bench.told, [false]);
});
