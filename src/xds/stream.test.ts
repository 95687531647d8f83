import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { resource, running, StreamUnderTest } from "./stream-for-tests.ts";
import { MOST_REFUSED } from "./subscription.ts";

suite("AdsStream", () => {
  test("one change of everything goes in the order of what points at what", () => {
    const under = running();
    under.ask("runtime", ["binnacle"]);
    under.ask("secret", ["a.test"]);
    under.ask("listener");
    under.taken();
    under.snapshot.apply([
      resource("runtime", "binnacle", "2"),
      resource("secret", "a.test", "2"),
      resource("virtualHost", "http/a.test", "2", ["a"]),
      resource("routeTable", "http", "2"),
      resource("listener", "http", "2"),
      resource("endpoints", "a", "2"),
      resource("cluster", "a", "2"),
    ]);
    assert.deepEqual(under.news(), [
      "cluster: +a",
      "endpoints: +a",
      "routeTable: +http",
      "virtualHost: +http/a.test",
      "listener: +http",
      "secret: +a.test",
      "runtime: +binnacle",
    ]);
  });

  test("an unanswered push never blocks the next", () => {
    const under = running();
    under.snapshot.apply([resource("cluster", "b")]);
    under.snapshot.apply([resource("cluster", "c")]);
    under.snapshot.apply([resource("virtualHost", "http/a.test", "2", ["a"])]);
    assert.deepEqual(under.news(), ["cluster: +b", "cluster: +c", "virtualHost: +http/a.test"]);
  });

  test("while the transport is full nothing is sent; then the newest state is, and what went between is not", () => {
    const under = running();
    under.writable = false;
    under.snapshot.apply([resource("virtualHost", "http/a.test", "2", ["a"])]);
    under.snapshot.apply([resource("virtualHost", "http/a.test", "3", ["a"])]);
    under.snapshot.apply([resource("virtualHost", "http/a.test", "4", ["a"]), resource("cluster", "b")]);
    assert.deepEqual(under.news(), ["virtualHost: +http/a.test"]);
    under.writable = true;
    under.stream.drained();
    const [cluster, host] = under.sent;
    assert.equal(cluster?.resources[0]?.name, "b");
    assert.equal(host?.resources[0]?.version, "4");
  });

  test("a client that leaves too much unanswered is stuck, one that is merely slow is not", () => {
    const under = running();
    under.snapshot.apply([resource("cluster", "slow")]);
    under.pass(60_000);
    assert.equal(under.stream.stuckFor, 0);
    for (let change = 0; change < 1_000; change++) under.snapshot.apply([resource("cluster", "b", `${change}`)]);
    const unanswered = under.sent.length;
    assert.ok(unanswered < 300, `${unanswered} responses are unanswered`);
    assert.equal(under.stream.stuckFor, 0);
    under.pass(1_000);
    assert.equal(under.stream.stuckFor, 1_000);
    under.taken();
    assert.equal(under.stream.stuckFor, 0);
    assert.equal(under.snapshot.unacknowledged, 0);
  });

  test("a client that owes an old answer is not stuck at once when the transport is full for a moment", () => {
    const under = running();
    under.snapshot.apply([resource("cluster", "warms for long")]);
    under.pass(60_000);
    under.writable = false;
    under.snapshot.apply([resource("cluster", "b")]);
    under.pass(1_000);
    assert.equal(under.stream.stuckFor, 1_000);
    under.writable = true;
    under.stream.drained();
    assert.equal(under.stream.stuckFor, 0);
  });

  test("server names that an Envoy brings along from an earlier stream count among those that borrow", () => {
    const under = new StreamUnderTest();
    under.snapshot.apply([resource("secret", "*"), resource("secret", "own.test")]);
    const names = ["own.test", "a.test", "b.test", "c.test", "d.test"];
    under.ask("secret", names, { initialResourceVersions: Object.fromEntries(names.map((name) => [name, "1"])) });
    assert.deepEqual(under.taken(), ["secret: -a.test"]);
    under.snapshot.apply([resource("secret", "b.test", "2")]);
    under.ask("secret", ["e.test"]);
    assert.deepEqual(under.taken(), ["secret: +b.test", "secret: +e.test"]);
  });

  test("what a client refused is remembered for the newest of them: who comes and goes leaves nothing for ever", () => {
    const under = running();
    for (let index = 0; index <= MOST_REFUSED; index++) {
      under.snapshot.apply([resource("cluster", `refused-${index}`)]);
      const [response] = under.sent.splice(0);
      under.ask("cluster", [], {
        responseNonce: response?.nonce ?? "",
        errorDetail: { code: 13, message: "no", details: [] },
      });
      under.snapshot.apply([], [{ type: "cluster", name: `refused-${index}` }]);
    }
    under.news();
    under.snapshot.apply([resource("cluster", `refused-${MOST_REFUSED}`)]);
    assert.deepEqual(under.news(), []);
    under.snapshot.apply([resource("cluster", "refused-0")]);
    assert.deepEqual(under.news(), ["cluster: +refused-0"]);
  });

  test("a removal that is refused is not sent again and again", () => {
    const under = running();
    under.snapshot.apply([], [{ type: "virtualHost", name: "http/a.test" }]);
    const [removal] = under.sent.splice(0);
    under.ask("virtualHost", [], {
      responseNonce: removal?.nonce ?? "",
      errorDetail: { code: 13, message: "no", details: [] },
    });
    assert.deepEqual(under.news(), []);
  });

  test("of the server names that borrow a certificate the oldest are given up; names of their own are not counted", () => {
    const under = new StreamUnderTest();
    under.snapshot.apply([resource("secret", "*"), resource("secret", "own.test"), resource("secret", "*.w.test")]);
    under.ask("secret", ["own.test", "a.test", "b.test", "c.w.test"]);
    assert.deepEqual(under.taken(), ["secret: +own.test +a.test +b.test +c.w.test"]);
    under.ask("secret", ["d.test"]);
    assert.deepEqual(under.taken(), ["secret: +d.test -a.test"]);
    under.ask("secret", [], { resourceNamesUnsubscribe: ["a.test", "b.test"] });
    under.ask("secret", ["a.test"]);
    assert.deepEqual(under.taken(), ["secret: +a.test"]);
    under.snapshot.apply([resource("secret", "*", "2")]);
    assert.deepEqual(under.taken(), ["secret: +d.test +a.test"]);
  });

  test("a closed stream sends nothing and holds no timer", () => {
    const under = running();
    under.snapshot.apply([
      resource("cluster", "b"),
      resource("virtualHost", "http/b.test", "1", ["b"]),
      resource("endpoints", "b"),
    ]);
    under.news();
    under.stream.close();
    under.snapshot.apply([resource("cluster", "c")]);
    under.stream.drained();
    assert.deepEqual([under.news(), under.timers.size], [[], 0]);
  });
});
