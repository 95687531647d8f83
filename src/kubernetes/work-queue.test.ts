import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeError } from "./kube-error.ts";
import { ManualClock, settled } from "./manual-clock.ts";
import { WorkQueue } from "./work-queue.ts";

const away = new KubeError("connection refused", { code: 0, reason: "Unreachable" });
const refused = new KubeError("not valid", { code: 422, reason: "Invalid" });

/** A queue whose work ends when and as the test says. */
function bed(parallel = 2) {
  const clock = new ManualClock();
  const begun: string[] = [];
  const failures: string[] = [];
  const open = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  const queue = new WorkQueue({
    clock,
    parallel,
    random: () => 1,
    backoff: { least: 1000, most: 8000 },
    work: (key: string) => {
      begun.push(key);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      open.set(key, { resolve, reject });
      return promise;
    },
    onFailure: (key) => void failures.push(key),
  });
  const stop = new AbortController();
  const ran = queue.run(stop.signal);
  const end = async (key: string, error?: Error): Promise<void> => {
    const work = open.get(key);
    open.delete(key);
    if (error === undefined) work?.resolve();
    else work?.reject(error);
    await settled();
  };
  const close = async (): Promise<void> => {
    stop.abort();
    for (const key of open.keys()) await end(key);
    await ran;
  };
  return { clock, begun, failures, queue, end, close };
}

test("a key waits once, is worked on alone, and again when it was named meanwhile", async () => {
  const { clock, begun, queue, end, close } = bed();
  for (const key of ["a", "b", "a", "c"]) queue.add(key);
  await clock.pass(0);
  assert.deepEqual(begun, ["a", "b"]);
  queue.add("a");
  await end("b");
  assert.deepEqual(begun, ["a", "b", "c"]);
  await end("a");
  assert.deepEqual(begun, ["a", "b", "c", "a"]);
  await end("c");
  await end("a");
  assert.deepEqual(queue.state(), { waiting: 0, oldest: undefined });
  await close();
});

test("what fails is tried again, later and later, and others are not kept by it; what changed is tried at once", async () => {
  const { clock, begun, failures, queue, end, close } = bed();
  queue.add("a");
  queue.add("b");
  await clock.pass(0);
  await end("b");
  for (const wait of [1000, 2000, 4000, 8000, 8000]) {
    await end("a", refused);
    const before = begun.length;
    await clock.pass(wait - 1);
    assert.equal(begun.length, before);
    await clock.pass(1);
    assert.equal(begun.length, before + 1);
  }
  assert.equal(failures.length, 5);
  assert.deepEqual(queue.state(), { waiting: 1, oldest: 1_700_000_000_000 });
  await end("a", refused);
  queue.add("a");
  await clock.pass(0);
  assert.equal(begun.at(-1), "a");
  await close();
});

test("a server that is away makes all wait together", async () => {
  const { clock, begun, queue, end, close } = bed(1);
  for (const key of ["a", "b", "c"]) queue.add(key);
  await clock.pass(0);
  await end("a", away);
  await clock.pass(249);
  assert.deepEqual(begun, ["a"]);
  await clock.pass(2);
  assert.deepEqual(begun, ["a", "b"]);
  await end("b", away);
  await clock.pass(499);
  assert.deepEqual(begun, ["a", "b"]);
  await clock.pass(2);
  await end("c");
  await clock.pass(5000);
  assert.deepEqual(begun.slice(0, 4), ["a", "b", "c", "a"]);
  await close();
});

test("a time that was set is brought forward and not put off", async () => {
  const { clock, begun, queue, close } = bed();
  queue.add("a", 500);
  await clock.pass(300);
  queue.add("a", 500);
  await clock.pass(199);
  assert.deepEqual(begun, []);
  await clock.pass(1);
  assert.deepEqual(begun, ["a"]);
  queue.add("b", 500);
  queue.add("b", 10);
  await clock.pass(10);
  assert.deepEqual(begun, ["a", "b"]);
  await close();
});
