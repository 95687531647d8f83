import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { ChangeBatch } from "./change-batch.ts";

test("what comes before it is quiet is taken together, once each", async () => {
  const batch = new ChangeBatch(10);
  const taken = batch.take();
  batch.add("a");
  batch.add("b");
  batch.add("a");
  assert.deepEqual([...((await taken) ?? [])], ["a", "b"]);
  batch.add("c");
  assert.deepEqual([...((await batch.take()) ?? [])], ["c"]);
  batch.close();
});

test("changes that never end are taken all the same", async () => {
  const batch = new ChangeBatch(10);
  const stop = new AbortController();
  const noise = (async () => {
    for (let count = 0; !stop.signal.aborted; count++) {
      batch.add(`${count % 10}`);
      await setImmediate();
    }
  })();
  assert.notEqual((await batch.take())?.size, 0);
  stop.abort();
  await noise;
  batch.close();
});

test("what was put off comes back", async () => {
  const batch = new ChangeBatch(1);
  batch.addLater("a", 5);
  assert.deepEqual([...((await batch.take()) ?? [])], ["a"]);
  batch.close();
});

test("closing ends the waiting, for something and for quiet", async () => {
  const waiting = new ChangeBatch(1);
  const taken = waiting.take();
  waiting.close();
  assert.equal(await taken, undefined);
  const noisy = new ChangeBatch(3_600_000);
  noisy.add("a");
  noisy.addLater("b", 3_600_000);
  const quiet = noisy.take();
  await setImmediate();
  noisy.close();
  assert.equal(await quiet, undefined);
  assert.equal(await noisy.take(), undefined);
});
