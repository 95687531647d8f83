import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CLUSTER_WAIT_MS, GUARD_WAIT_MS, LINGER_MS } from "./send-order.ts";
import { resource, running } from "./stream-for-tests.ts";

suite("make before break", () => {
  test("a virtual host waits at most two seconds for its clusters", () => {
    const under = running();
    under.snapshot.apply([
      resource("cluster", "b"),
      resource("virtualHost", "http/b.test", "1", ["b"]),
      resource("endpoints", "b"),
    ]);
    assert.deepEqual(under.news(), ["cluster: +b"]);
    under.pass(CLUSTER_WAIT_MS - 1);
    assert.deepEqual(under.news(), []);
    under.pass(1);
    assert.deepEqual(under.news(), ["virtualHost: +http/b.test"]);
  });

  test("changing while it waits does not make it wait longer", () => {
    const under = running();
    under.snapshot.apply([resource("cluster", "b"), resource("endpoints", "b")]);
    assert.deepEqual(under.news(), ["cluster: +b"]);
    for (let change = 0; change < 10; change++) {
      under.snapshot.apply([resource("virtualHost", "http/b.test", `${change}`, ["b"])]);
      under.pass(CLUSTER_WAIT_MS / 4);
    }
    assert.deepEqual(under.news().slice(0, 1), ["virtualHost: +http/b.test"]);
  });

  test("waits that are over or needless leave no timer behind", () => {
    const under = running();
    under.snapshot.apply([resource("cluster", "b"), resource("endpoints", "b")]);
    for (let change = 0; change < 10; change++)
      under.snapshot.apply([resource("virtualHost", "http/b.test", `${change}`, ["b"])]);
    assert.equal(under.timers.size, 1);
    under.snapshot.apply([], [{ type: "virtualHost", name: "http/b.test" }]);
    assert.equal(under.timers.size, 0);
    under.snapshot.apply([resource("virtualHost", "http/b.test", "1", ["b"])]);
    assert.equal(under.timers.size, 1);
    under.ask("endpoints", ["b"]);
    under.taken();
    assert.equal(under.timers.size, 0);
  });

  test("what a host waited for ends with its table: with the next one it waits anew", () => {
    const under = running();
    under.snapshot.apply([
      resource("cluster", "b"),
      resource("endpoints", "b"),
      resource("virtualHost", "http/b.test", "1", ["b"]),
    ]);
    under.ask("routeTable", [], { resourceNamesUnsubscribe: ["http"] });
    assert.equal(under.timers.size, 0);
    under.pass(CLUSTER_WAIT_MS);
    under.news();
    under.ask("routeTable", ["http"]);
    assert.deepEqual(under.taken(), ["routeTable: +http", "virtualHost: +http/a.test"]);
    under.pass(CLUSTER_WAIT_MS);
    assert.deepEqual(under.taken(), ["virtualHost: +http/b.test"]);
  });

  test("what was to stay for some seconds and went with its table leaves no timer behind", () => {
    const under = running();
    under.snapshot.apply([resource("routeTable", "https"), resource("routeTable", "https-own")]);
    under.ask("routeTable", ["https", "https-own"]);
    under.snapshot.apply([resource("virtualHost", "https-own/a.test")]);
    under.taken();
    under.snapshot.apply(
      [resource("virtualHost", "https/a.test")],
      [{ type: "virtualHost", name: "https-own/a.test" }],
    );
    under.taken();
    assert.equal(under.timers.size, 1);
    under.ask("routeTable", [], { resourceNamesUnsubscribe: ["https-own"] });
    assert.equal(under.timers.size, 0);
  });

  test("a cluster goes some seconds after what used it", () => {
    const under = running();
    under.snapshot.apply(
      [],
      [
        { type: "virtualHost", name: "http/a.test" },
        { type: "cluster", name: "a" },
        { type: "endpoints", name: "a" },
      ],
    );
    assert.deepEqual(under.taken(), ["virtualHost: -http/a.test"]);
    under.pass(LINGER_MS - 1);
    assert.deepEqual(under.taken(), []);
    under.pass(1);
    assert.deepEqual(under.taken(), ["cluster: -a"]);
    assert.equal(under.timers.size, 0);
  });

  test("a cluster that comes back in time was never gone", () => {
    const under = running();
    under.snapshot.apply([], [{ type: "cluster", name: "a" }]);
    under.pass(LINGER_MS / 2);
    under.snapshot.apply([resource("cluster", "a")]);
    under.pass(LINGER_MS * 2);
    assert.deepEqual(under.news(), []);
    assert.equal(under.timers.size, 0);
  });

  test("a host that moves to another table stays where it was for some seconds, and ends there after that", () => {
    const under = running();
    under.snapshot.apply([
      resource("routeTable", "https"),
      resource("routeTable", "https-own"),
      resource("virtualHost", "https/a.test"),
    ]);
    under.ask("routeTable", ["https", "https-own"]);
    under.taken();
    const misdirected = { ...resource("virtualHost", "https/a.test", "421"), takesAway: true };
    under.snapshot.apply([misdirected, resource("virtualHost", "https-own/a.test")]);
    assert.deepEqual(under.taken(), ["virtualHost: +https-own/a.test"]);
    under.pass(LINGER_MS);
    assert.deepEqual(under.taken(), ["virtualHost: +https/a.test"]);
    under.snapshot.apply(
      [resource("virtualHost", "https/a.test")],
      [{ type: "virtualHost", name: "https-own/a.test" }],
    );
    assert.deepEqual(under.taken(), ["virtualHost: +https/a.test"]);
    under.pass(LINGER_MS);
    assert.deepEqual(under.taken(), ["virtualHost: -https-own/a.test"]);
    under.snapshot.apply([{ ...resource("virtualHost", "https/new.test", "421"), takesAway: true }]);
    assert.deepEqual([under.taken(), under.timers.size], [["virtualHost: +https/new.test"], 0]);
    under.snapshot.apply([{ ...resource("virtualHost", "https/new.test", "421 again"), takesAway: true }]);
    assert.deepEqual([under.taken(), under.timers.size], [["virtualHost: +https/new.test"], 0]);
  });

  test("where it moves to connections that ask clients for more it ends as soon as the client has those", () => {
    const under = running();
    const tables = ["https", "https-own", "https-clients-a.test"];
    const before = ["https/a.test", "https-own/a.test"];
    under.snapshot.apply([
      ...tables.map((table) => resource("routeTable", table)),
      ...before.map((name) => resource("virtualHost", name)),
    ]);
    under.ask("routeTable", tables);
    under.taken();
    const guard = { ...resource("virtualHost", "https-clients-a.test/a.test"), guarded: true };
    const misdirected = { ...resource("virtualHost", "https/a.test", "421"), takesAway: true };
    const changed = [misdirected, guard] as const;
    under.snapshot.apply(changed, [{ type: "virtualHost", name: "https-own/a.test" }]);
    const [response] = under.sent.splice(0);
    assert.deepEqual(
      response?.resources.map(({ name }) => name),
      [guard.name],
    );
    under.ack(response);
    assert.deepEqual(under.taken(), ["virtualHost: +https/a.test -https-own/a.test"]);
    assert.equal(under.timers.size, 0);
  });

  test("and where the client does not answer it ends, too", () => {
    const under = running();
    const tables = ["https", "https-clients-a.test"];
    under.snapshot.apply([
      ...tables.map((table) => resource("routeTable", table)),
      resource("virtualHost", "https/a.test"),
    ]);
    under.ask("routeTable", tables);
    under.taken();
    under.snapshot.apply([
      { ...resource("virtualHost", "https/a.test", "421"), takesAway: true },
      { ...resource("virtualHost", "https-clients-a.test/a.test"), guarded: true },
    ]);
    under.pass(GUARD_WAIT_MS - 1);
    assert.deepEqual(under.news(), ["virtualHost: +https-clients-a.test/a.test"]);
    under.pass(1);
    assert.deepEqual(under.news(), ["virtualHost: +https/a.test"]);
    assert.equal(under.timers.size, 0);
  });

  test("one change looks at no table and no host that it does not touch", () => {
    const under = running();
    under.snapshot.apply([
      ...["https", "https-own"].map((table) => resource("routeTable", table)),
      resource("virtualHost", "https/a.test"),
    ]);
    under.ask("routeTable", ["https", "https-own"]);
    under.taken();
    under.snapshot.names = (type) => assert.fail(`it looks at every ${type}`);
    under.snapshot.apply([resource("virtualHost", "http/a.test", "2", ["a"])]);
    under.snapshot.apply(
      [resource("virtualHost", "https-own/a.test")],
      [{ type: "virtualHost", name: "https/a.test" }],
    );
    assert.deepEqual(under.taken(), ["virtualHost: +http/a.test", "virtualHost: +https-own/a.test"]);
    under.pass(LINGER_MS);
    assert.deepEqual(under.taken(), ["virtualHost: -https/a.test"]);
    under.snapshot.apply([resource("routeTable", "https-late"), resource("virtualHost", "https-late/b.test")]);
    under.ask("routeTable", ["https-late"]);
    assert.deepEqual(under.taken(), ["routeTable: +https-late", "virtualHost: +https-late/b.test"]);
  });
});
