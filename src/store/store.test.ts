import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { A, ingress, named, namespace, put, refuse, StoreUnderTest, WRONG } from "./store-for-tests.ts";

suite("Store", () => {
  test("one call is one event, with the objects and every index entry before and after", () => {
    const under = new StoreUnderTest();
    under.apply(put(ingress("/one")), put(ingress("/one", "b")));
    under.apply(put(ingress("/two")), { type: "delete", ref: named("b") });
    const [first, second] = under.events;
    assert.deepEqual(first?.changed, [A, named("b")]);
    assert.deepEqual(first?.entries, [{ index: "by-path", key: "/one" }]);
    assert.deepEqual(
      second?.entries.map(({ key }) => key),
      ["/one", "/two"],
    );
    assert.deepEqual(
      under.store.list("by-path", "/two").map(({ ref }) => ref.name),
      ["a"],
    );
    assert.deepEqual(under.store.list("by-path", "/one"), []);
  });

  test("what says the same as before is no event, also with other bookkeeping", () => {
    const under = new StoreUnderTest();
    under.apply(put(ingress("/one", "a", { resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" })));
    under.apply(put(ingress("/one", "a", { resourceVersion: "2", creationTimestamp: "2026-01-01T00:00:00Z" })));
    assert.equal(under.events.length, 1);
    under.apply(put(ingress("/one", "a", { annotations: { a: "b" }, creationTimestamp: "2026-01-01T00:00:00Z" })));
    assert.equal(under.events.length, 2);
  });

  test("a warning, another file, and deleting what is not there", () => {
    const under = new StoreUnderTest();
    under.apply(put(ingress("/one")));
    under.apply(put(ingress("/one"), "a.yaml", [{ ...WRONG, severity: "warning" }]));
    under.apply(put(ingress("/one"), "b.yaml", [{ ...WRONG, severity: "warning" }]));
    under.apply({ type: "delete", ref: named("never") });
    assert.deepEqual(
      under.events.map(({ changed, noted }) => [changed.length, noted.length]),
      [
        [1, 0],
        [0, 1],
        [0, 1],
      ],
    );
    assert.deepEqual([under.store.refsFrom("a.yaml"), under.store.refsFrom("b.yaml")], [[], [A]]);
  });

  test("objects of one change are of one age; an object keeps its age when it changes, and a given one counts", () => {
    const under = new StoreUnderTest();
    under.apply(put(ingress("/one")), put(ingress("/one", "b")));
    under.apply(put(ingress("/one", "c")), put(ingress("/two")));
    const age = (name: string): string | undefined =>
      under.store.get("Ingress", "team", name)?.object.metadata.creationTimestamp;
    assert.deepEqual([age("a"), age("b")], ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:01.000Z"]);
    assert.equal(age("c"), "2026-01-01T00:00:02.000Z");
    under.apply({ type: "delete", ref: A }, put(ingress("/one", "d", { creationTimestamp: "2020-01-01T00:00:00Z" })));
    under.apply(put(ingress("/one")));
    assert.deepEqual([age("a"), age("d")], ["2026-01-01T00:00:04.000Z", "2020-01-01T00:00:00Z"]);
  });

  suite("refused by validation", () => {
    test("the form in use goes on, also when Envoy has not answered for it yet, until there is a better one", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/one")));
      under.apply(refuse());
      assert.equal(under.inUse, "/one");
      assert.deepEqual(under.store.state(A)?.refused?.problems, [WRONG]);
      under.apply(put(ingress("/two")));
      assert.deepEqual([under.inUse, under.store.state(A)?.refused], ["/two", undefined]);
    });

    test("since when does not move while it stays refused", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/one")));
      under.apply(refuse());
      const since = under.store.state(A)?.refused?.since;
      under.apply(refuse());
      assert.equal(under.store.state(A)?.refused?.since, since);
    });

    test("an object that never was valid has no form, and is known", () => {
      const under = new StoreUnderTest();
      under.apply(refuse());
      assert.deepEqual([under.inUse, under.store.states().length], [undefined, 1]);
      assert.deepEqual(under.store.refsFrom("a.yaml"), [A]);
      under.apply({ type: "delete", ref: A });
      assert.deepEqual([under.store.states(), under.store.refsFrom("a.yaml")], [[], []]);
    });
  });

  suite("refused by Envoy", () => {
    test("back to the accepted form; the same content is not tried again, other content is", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/good")));
      under.accept();
      under.apply(put(ingress("/bad")));
      assert.deepEqual(under.refuseByEnvoy(A), A);
      assert.equal(under.inUse, "/good");
      under.apply(put(ingress("/bad")));
      assert.equal(under.inUse, "/good");
      under.apply(put(ingress("/better")));
      assert.deepEqual([under.inUse, under.store.state(A)?.refused], ["/better", undefined]);
    });

    test("without an accepted form, back to the one before; without any, to nothing", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/first")));
      under.apply(put(ingress("/bad")));
      under.refuseByEnvoy(A);
      assert.equal(under.inUse, "/first");
      under.refuseByEnvoy(A);
      assert.equal(under.inUse, undefined);
    });

    test("the accepted form is gone back to, not one that was never answered for", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/good")));
      under.accept();
      under.apply(put(ingress("/unanswered")));
      under.apply(put(ingress("/bad")));
      under.refuseByEnvoy(A);
      assert.equal(under.inUse, "/good");
    });

    test("of several objects the one that changed last is suspected, never one whose form was accepted", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/1", "b")));
      under.apply(put(ingress("/1")));
      under.apply(put(ingress("/1", "c")));
      under.accept(named("c"));
      assert.deepEqual(under.refuseByEnvoy(named("b"), A, named("c")), A);
      assert.deepEqual(under.refuseByEnvoy(named("b"), A, named("c")), named("b"));
      assert.equal(under.refuseByEnvoy(named("b"), A, named("c")), undefined);
    });

    test("a refusal of a form that is not in use any more changes nothing", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/bad")));
      const old = under.store.state(A)?.inUse?.hash ?? "";
      under.apply(put(ingress("/good")));
      assert.equal(under.store.refuseByEnvoy([{ ref: A, hash: old }], WRONG), undefined);
      assert.equal(under.inUse, "/good");
    });

    test("who was suspected wrongly comes back as offered last", () => {
      const under = new StoreUnderTest();
      under.apply(put(ingress("/good")));
      under.accept();
      under.apply(put(ingress("/new")));
      under.refuseByEnvoy(A);
      under.store.retry([A, named("never")]);
      assert.deepEqual([under.inUse, under.store.state(A)?.refused], ["/new", undefined]);
      under.refuseByEnvoy(A);
      under.apply(put(ingress("/newer")));
      under.store.retry([A]);
      assert.equal(under.inUse, "/newer");
    });
  });

  suite("last good switched off by the namespace", () => {
    test("a refused object has no form; switched on again it has its last good one", () => {
      const under = new StoreUnderTest();
      under.apply(put(namespace("off"), "n.yaml"), put(ingress("/good")));
      under.accept();
      under.apply(refuse());
      assert.equal(under.inUse, undefined);
      under.apply(put(namespace("on"), "n.yaml"));
      assert.equal(under.inUse, "/good");
      under.apply(put(namespace("off"), "n.yaml"));
      assert.equal(under.inUse, undefined);
      under.apply({ type: "delete", ref: { kind: "Namespace", namespace: "", name: "team" } });
      assert.equal(under.inUse, "/good");
      assert.deepEqual(
        under.events
          .at(-1)
          ?.changed.map(({ kind }) => kind)
          .toSorted(),
        ["Ingress", "Namespace"],
      );
    });
  });
});
