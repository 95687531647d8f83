import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { MemoryArchive } from "./archive.ts";
import { A, ingress, named, put, refuse, StoreUnderTest } from "./store-for-tests.ts";

suite("the store over a restart", () => {
  test("an object that cannot be read serves its accepted form, at the age it had, and its file is known before", () => {
    const before = new StoreUnderTest();
    before.apply(put(ingress("/good"), "here.yaml"));
    const age = before.store.get("Ingress", "team", "a")?.object.metadata.creationTimestamp;
    before.accept();
    before.apply(put(ingress("/unanswered"), "here.yaml"));
    const after = new StoreUnderTest(before.archive);
    assert.deepEqual(after.store.refsFrom("here.yaml"), [A]);
    assert.equal(after.inUse, undefined);
    after.apply(refuse(A, "here.yaml"));
    assert.equal(after.inUse, "/good");
    assert.equal(after.store.get("Ingress", "team", "a")?.object.metadata.creationTimestamp, age);
  });

  test("what comes later is younger, also when the clock was set back meanwhile", () => {
    const before = new StoreUnderTest(new MemoryArchive(), "2070-01-01T00:00:00Z");
    before.apply(put(ingress("/one")), put(ingress("/one", "b")));
    const after = new StoreUnderTest(before.archive);
    after.apply(put(ingress("/one")));
    after.apply(put(ingress("/one", "c")), put(ingress("/one", "d")));
    after.apply(put(ingress("/one", "b")), put(ingress("/one", "e")));
    const ages = ["a", "b", "c", "d", "e"].map(
      (name) => after.store.get("Ingress", "team", name)?.object.metadata.creationTimestamp,
    );
    assert.deepEqual(ages, [
      "2070-01-01T00:00:01.000Z",
      "2070-01-01T00:00:01.000Z",
      "2070-01-01T00:00:01.001Z",
      "2070-01-01T00:00:01.001Z",
      "2070-01-01T00:00:01.002Z",
    ]);
  });

  test("a form that Envoy refused is not tried again", () => {
    const before = new StoreUnderTest();
    before.apply(put(ingress("/good")));
    before.accept();
    before.apply(put(ingress("/bad")));
    before.refuseByEnvoy(A);
    const after = new StoreUnderTest(before.archive);
    after.apply(put(ingress("/bad")));
    assert.equal(after.inUse, "/good");
    assert.equal(after.store.state(A)?.refused?.by, "envoy");
    after.apply(put(ingress("/better")));
    assert.equal(after.inUse, "/better");
  });

  test("what the archive has already is not written again", () => {
    const before = new StoreUnderTest();
    before.apply(put(ingress("/a")), put(ingress("/b", "b")));
    before.accept();
    const written: string[] = [];
    const { archive } = before;
    const save = archive.save.bind(archive);
    archive.save = (key, ...rest) => {
      written.push(key);
      save(key, ...rest);
    };
    const after = new StoreUnderTest(archive);
    after.apply(put(ingress("/a")), put(ingress("/b", "b")));
    after.accept();
    assert.deepEqual(written, [], "neither the objects nor the form that was accepted before");
    after.accept(named("b"));
    after.apply(put(ingress("/a"), "elsewhere.yaml"), refuse(named("b")));
    assert.deepEqual(written, ["Ingress/team/b", "Ingress/team/a", "Ingress/team/b"]);
  });

  test("what no source names after the first sync is forgotten", () => {
    const before = new StoreUnderTest();
    before.apply(put(ingress("/a"), "x.yaml"), put(ingress("/b", "b"), "y.yaml"));
    before.accept();
    const after = new StoreUnderTest(before.archive);
    after.apply(put(ingress("/b", "b"), "y.yaml"));
    after.store.forgetUnseen();
    assert.deepEqual([...before.archive.load().keys()], ["Ingress/team/b"]);
    assert.deepEqual(after.store.refsFrom("x.yaml"), []);
    after.apply(refuse(A, "x.yaml"));
    assert.equal(after.inUse, undefined);
  });

  test("before a source has named an object, its last good form is known", () => {
    const before = new StoreUnderTest();
    before.apply(put(ingress("/a")));
    before.accept();
    const { store } = new StoreUnderTest(before.archive);
    const known = store.lastGood(A);
    store.apply([refuse()]);
    assert.ok(known !== undefined);
    assert.deepEqual(store.lastGood(A), known);
    store.apply([put(ingress("/b"))]);
    assert.notDeepEqual(store.lastGood(A), known);
    assert.equal(store.lastGood(named("b")), undefined);
  });

  test("a deleted object is forgotten with its form", () => {
    const before = new StoreUnderTest();
    before.apply(put(ingress("/a")));
    before.accept();
    before.apply({ type: "delete", ref: A });
    assert.deepEqual(before.archive.load().size, 0);
    before.apply(refuse());
    assert.equal(before.inUse, undefined);
  });
});
