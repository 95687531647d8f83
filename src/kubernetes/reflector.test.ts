import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settled } from "./manual-clock.ts";
import { Reflector } from "./reflector.ts";
import { bookmark, failure, listOf, ReflectorBench, service } from "./reflector-for-tests.ts";
import { INGRESSES, SERVICES } from "./resource-types.ts";
import { ScriptedClient } from "./scripted-client.ts";

describe("following", () => {
  test("lists, then watches from the list, and tells each change once", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"), service("b", "5"));
    });
    assert.deepEqual(await bench.heard(), ["replaced 2: changed a b, deleted "]);
    assert.deepEqual(await bench.called(), ["list services", "watch services 7"]);
    const { watching } = bench.client;
    watching.send("ADDED", service("c", "8"));
    watching.send("MODIFIED", service("a", "9"));
    watching.send("MODIFIED", service("a", "9"));
    watching.send("DELETED", service("b", "10"));
    watching.send("DELETED", service("b", "10"));
    assert.deepEqual(await bench.heard(), ["upsert c 8", "upsert a 9", "delete shop/b"]);
    assert.equal(bench.reflector.state().objects, 2);
    assert.deepEqual(bench.states, ["syncing", "synced"]);
  });

  test("a watch that ends is taken up where it was, also by a bookmark alone", async () => {
    await using bench = new ReflectorBench();
    await bench.called();
    bench.client.watching.send("BOOKMARK", bookmark("42"));
    await bench.clock.pass(290_000);
    bench.client.watching.end();
    assert.deepEqual(await bench.called(), ["watch services 42"]);
    assert.deepEqual(await bench.heard(), ["replaced 0: changed , deleted "]);
    assert.deepEqual(bench.states, ["syncing", "synced"]);
  });

  test("a server that ends every watch at once is asked less and less often", async () => {
    await using bench = new ReflectorBench();
    await bench.called();
    const asked: number[] = [];
    for (let time = 0; time < 100; time++) {
      bench.client.watching.end();
      await bench.clock.pass(1000);
      asked.push((await bench.called()).length);
    }
    assert.ok(asked.reduce((a, b) => a + b) < 20, asked.join());
  });

  test("a state of an object that was told already is not told again after a gap, and what is gone is", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"), service("b", "5"), service("c", "6"));
    });
    await bench.heard();
    bench.client.answerList = () => listOf("20", service("a", "3"), service("b", "15"), service("d", "19"));
    bench.client.watching.end(failure(410, "Expired"));
    await bench.clock.pass(1000);
    assert.deepEqual(await bench.heard(), ["replaced 3: changed b d, deleted c"]);
    assert.deepEqual(await bench.called(), ["list services", "watch services 7", "list services", "watch services 20"]);
    assert.deepEqual(bench.states, ["syncing", "synced"], "a 410 is no fault");
  });

  test("an object that was deleted and made again under its name is a change", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", { metadata: { name: "a", uid: "one", resourceVersion: "3" } });
    });
    await bench.heard();
    bench.client.watching.send("ADDED", { metadata: { name: "a", uid: "two", resourceVersion: "3" } });
    assert.deepEqual(await bench.heard(), ["upsert a 3"]);
  });
});

describe("a server that fails", () => {
  test("before the first list is asked again for ever, ever less often, and nothing is told", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => failure(0, "Unreachable");
    });
    await bench.clock.pass(3_600_000);
    const calls = (await bench.called()).length;
    assert.ok(calls > 115 && calls < 135, `${calls} calls in an hour`);
    assert.deepEqual(await bench.heard(), []);
    assert.equal(bench.reflector.state().state, "syncing");
    assert.equal(bench.reflector.state().error?.reason, "Unreachable");
    bench.client.answerList = () => listOf("1", service("a", "1"));
    await bench.clock.pass(30_000);
    assert.deepEqual(await bench.heard(), ["replaced 1: changed a, deleted "]);
    assert.equal(bench.reflector.state().error, undefined);
  });

  test("keeps what was told: a torn watch alone is no fault, a second failure is", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"));
    });
    await bench.heard();
    bench.client.watching.end(failure(0, "Unreachable"));
    await bench.clock.pass(300);
    assert.equal(bench.client.watches.length, 2);
    assert.deepEqual(bench.states, ["syncing", "synced"]);
    const torn = bench.clock.now();
    bench.client.refuseWatch = () => failure(500, "InternalError");
    bench.client.watching.end(failure(0, "Unreachable"));
    await bench.clock.pass(1000);
    const { state, since, error, objects } = bench.reflector.state();
    assert.deepEqual({ state, error: error?.reason, objects }, { state: "stale", error: "InternalError", objects: 1 });
    assert.ok(since > torn);
    bench.client.refuseWatch = () => undefined;
    await bench.clock.pass(2000);
    assert.equal(bench.reflector.state().state, "synced");
    assert.deepEqual(await bench.heard(), []);
  });

  test("is listed anew after a long outage, and what went meanwhile is told", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"), service("b", "4"));
    });
    await bench.heard();
    bench.client.refuseWatch = () => failure(0, "Unreachable");
    bench.client.answerList = () => failure(0, "Unreachable");
    bench.client.watching.end(failure(0, "Unreachable"));
    await bench.clock.pass(200_000);
    assert.equal(bench.reflector.state().state, "stale");
    bench.client.refuseWatch = () => undefined;
    bench.client.answerList = () => listOf("3", service("b", "2"));
    await bench.clock.pass(30_000);
    assert.deepEqual(await bench.heard(), ["replaced 1: changed b, deleted a"], "also where versions began anew");
  });

  test("that ends every watch with an error of its own is listed anew, not asked for that watch for ever", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"));
    });
    await bench.called();
    // As with etcd trouble: the answer is 200, and the error an event.
    bench.client.watching.end(failure(500, "InternalError"));
    bench.client.answerList = () => listOf("9", service("a", "3"), service("b", "8"));
    await bench.clock.pass(1000);
    assert.deepEqual(await bench.called(), ["list services", "watch services 9"]);
    assert.deepEqual(await bench.heard(), ["replaced 1: changed a, deleted ", "replaced 2: changed b, deleted "]);
  });

  test("whose watches end as soon as they begin, and tell nothing, is listed from time to time", async () => {
    for (const end of [undefined, failure(0, "Unreachable")]) {
      await using bench = new ReflectorBench((client) => {
        client.answerList = () => listOf("7", service("a", "3"));
      });
      await bench.heard();
      bench.client.answerList = () => listOf("9", service("a", "3"), service("b", "8"));
      for (let time = 0; time < 100; time++) {
        bench.client.watching.end(end);
        await bench.clock.pass(1000);
      }
      assert.deepEqual(await bench.heard(), ["replaced 2: changed b, deleted "]);
    }
  });

  test("and says of what every API server has that it does not is none: nothing is told", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => failure(404, "NotFound");
    });
    await bench.clock.pass(10_000);
    assert.equal(bench.reflector.state().state, "syncing");
    assert.equal(bench.reflector.state().error?.reason, "NotFound");
  });

  test("says when it wants to be asked again, and is not asked before", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => failure(429, "TooManyRequests", 45_000);
    });
    await bench.clock.pass(44_000);
    assert.equal((await bench.called()).length, 1);
    await bench.clock.pass(1000);
    assert.equal((await bench.called()).length, 1);
  });

  test("withdraws the permission: what was told stands", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"));
    });
    await bench.heard();
    bench.client.answerList = () => failure(403, "Forbidden");
    bench.client.refuseWatch = () => failure(403, "Forbidden");
    bench.client.watching.end();
    await bench.clock.pass(300_000);
    assert.deepEqual(await bench.heard(), []);
    assert.equal(bench.reflector.state().state, "stale");
    assert.equal(bench.reflector.state().objects, 1);
  });
});

describe("a resource that the server does not have", () => {
  test("is looked for, and followed once it is there", async () => {
    await using bench = new ReflectorBench(
      (client) => {
        client.answerList = () => failure(404, "NotFound");
      },
      { type: INGRESSES },
    );
    await bench.clock.pass(30_000);
    assert.equal((await bench.called()).length, 4);
    assert.deepEqual(bench.states, ["syncing", "absent"]);
    bench.client.answerList = () => listOf("1", service("a", "1"));
    await bench.clock.pass(10_000);
    assert.deepEqual(await bench.heard(), ["replaced 1: changed a, deleted "]);
    assert.deepEqual(bench.states, ["syncing", "absent", "synced"]);
  });

  test("is waited for where somebody tells that it comes, and looked for some moments, until it is in force", async () => {
    const told: ((comes: boolean) => void)[] = [];
    await using bench = new ReflectorBench(
      (client) => {
        client.answerList = () => failure(404, "NotFound");
      },
      { type: INGRESSES, comes: () => new Promise<boolean>((resolve) => told.push(resolve)) },
    );
    assert.deepEqual(await bench.called(), ["list ingresses.networking.k8s.io"]);
    await bench.clock.pass(3_600_000);
    assert.deepEqual(await bench.called(), [], "at rest nothing is asked");
    told[0]?.(true);
    await bench.clock.pass(3_600_000);
    assert.equal((await bench.called()).length, 6, "it is not in force: after some moments it is waited for again");
    told[1]?.(true);
    await bench.clock.pass(300);
    bench.client.answerList = () => listOf("1", service("a", "1"));
    await bench.clock.pass(500);
    assert.deepEqual(await bench.heard(), ["replaced 1: changed a, deleted "]);
    assert.deepEqual(bench.states, ["syncing", "absent", "synced"]);
    assert.equal(told.length, 2);
  });

  test("any more while its objects are known is a fault, and they stand", async () => {
    await using bench = new ReflectorBench((client) => {
      client.answerList = () => listOf("7", service("a", "3"));
    });
    await bench.heard();
    bench.client.answerList = () => failure(404, "NotFound");
    bench.client.refuseWatch = () => failure(404, "NotFound");
    bench.client.watching.end();
    await bench.clock.pass(120_000);
    assert.deepEqual(await bench.heard(), []);
    assert.equal(bench.reflector.state().state, "stale");
  });
});

test("a server that has shown bookmarks within a watch is cut sooner when it falls silent", async () => {
  await using bench = new ReflectorBench();
  await settled();
  assert.equal(bench.client.watching.options.silence, undefined);
  bench.client.watching.send("BOOKMARK", bookmark("2"));
  bench.client.watching.send("BOOKMARK", bookmark("3"));
  await bench.clock.pass(290_000);
  bench.client.watching.end();
  await settled();
  assert.equal(bench.client.watching.options.silence, 150_000);
});

test("what a callback throws ends it", async () => {
  const stop = new AbortController();
  const reflector = new Reflector({
    client: new ScriptedClient(),
    type: SERVICES,
    onEvent: () => {
      throw new Error("broken sink");
    },
  });
  await assert.rejects(reflector.run(stop.signal), /broken sink/);
});
