import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { Resource } from "#resources/resource.ts";
import { validate } from "#resources/validate.ts";
import { MemoryArchive } from "./archive.ts";
import type { SourceChange } from "./changes.ts";
import type { StoreEvent } from "./object-state.ts";
import { Store } from "./store.ts";

const A: ObjectRef = { kind: "Ingress", namespace: "team", name: "a" };
const WRONG: Problem = { severity: "error", path: "spec", message: "wrong" };

function ingress(path: string, name = "a", metadata: object = {}): Resource {
  return read({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "team", ...metadata },
    spec: {
      rules: [
        {
          host: "a.test",
          http: {
            paths: [{ path, pathType: "Prefix", backend: { service: { name: "s", port: { number: 80 } } } }],
          },
        },
      ],
    },
  });
}

function namespace(lastGood: string): Resource {
  return read({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "team", annotations: { "binnacle.dev/last-good": lastGood } },
  });
}

function read(document: object): Resource {
  const checked = validate(document, { unknownFields: "error" });
  if (checked.type !== "accepted") throw new Error(JSON.stringify(checked));
  return checked.object;
}

function put(object: Resource, file = "a.yaml", warnings: readonly Problem[] = []): SourceChange {
  return { type: "put", object, origin: { file }, warnings };
}

function refuse(ref: ObjectRef = A, file = "a.yaml"): SourceChange {
  return { type: "refuse", ref, origin: { file }, problems: [WRONG] };
}

/** A store with all that it told. Its clock moves one second with each look at it. */
class StoreUnderTest {
  readonly archive: MemoryArchive;
  readonly store: Store;
  readonly events: StoreEvent[] = [];

  constructor(archive = new MemoryArchive(), begin = "2026-01-01T00:00:00Z") {
    this.archive = archive;
    let now = Date.parse(begin);
    const indexes = [
      {
        name: "by-path",
        kind: "Ingress" as const,
        keys: (object: Resource) =>
          object.kind === "Ingress" ? (object.spec.rules[0]?.http?.paths.map(({ path }) => path) ?? []) : [],
      },
    ];
    this.store = new Store({ indexes, archive, now: () => (now += 1000) });
    this.store.onChange((event) => this.events.push(event));
  }

  /** The path of the form in use of Ingress `a`. */
  get inUse(): string | undefined {
    return this.store.get("Ingress", "team", "a")?.object.spec.rules[0]?.http?.paths[0]?.path;
  }

  apply(...changes: readonly SourceChange[]): void {
    this.store.apply(changes);
  }

  accept(ref = A): void {
    const form = this.store.state(ref)?.inUse;
    assert.ok(form !== undefined);
    this.store.accept(ref, form.hash);
  }

  /** Envoy refuses what was made from the forms in use of these objects. */
  refuseByEnvoy(...refs: readonly ObjectRef[]): ObjectRef | undefined {
    const forms = refs.map((ref) => ({ ref, hash: this.store.state(ref)?.inUse?.hash ?? "" }));
    return this.store.refuseByEnvoy(forms, WRONG);
  }
}

const named = (name: string): ObjectRef => ({ ...A, name });

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

  suite("over a restart", () => {
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
});
