import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ObjectRef } from "#resources/ref.ts";
import { validate } from "#resources/validate.ts";
import { MemoryArchive } from "./archive.ts";
import type { SourceChange } from "./changes.ts";
import { Store } from "./store.ts";

const CERT: ObjectRef = { kind: "Secret", namespace: "team", name: "cert" };
const GONE: SourceChange = { type: "delete", ref: CERT };
const origin = { file: "a.yaml" };

/** A Secret whose one value says what it is; `good…` serves. */
function secret(value: string): SourceChange {
  const document = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "cert", namespace: "team" },
    stringData: { value },
  };
  return put(document);
}

function put(document: object): SourceChange {
  const checked = validate(document, { unknownFields: "error" });
  if (checked.type !== "accepted") throw new Error(JSON.stringify(checked));
  return { type: "put", object: checked.object, origin };
}

const decode = (object: { readonly data: Readonly<Record<string, string>> } | undefined): string | undefined =>
  object && Buffer.from(object.data["value"] ?? "", "base64").toString();

function create(archive = new MemoryArchive()) {
  const store = new Store({
    indexes: [],
    archive,
    now: () => 0,
    keep: {
      kind: "Secret",
      serves: (object) => object.kind === "Secret" && decode(object)?.startsWith("good") === true,
    },
  });
  return {
    store,
    archive,
    get kept(): string | undefined {
      return decode(store.kept("Secret", "team", "cert")?.object);
    },
    get inUse(): string | undefined {
      return decode(store.get("Secret", "team", "cert")?.object);
    },
    accept(): void {
      store.accept(CERT, store.state(CERT)?.inUse?.hash ?? "");
    },
  };
}

function served(value = "good"): ReturnType<typeof create> {
  const under = create();
  under.store.apply([secret(value)]);
  under.accept();
  return under;
}

suite("what outlasts its deletion", () => {
  test("is the last form of use, beside the objects, until the object serves again", () => {
    const under = served();
    assert.equal(under.kept, undefined);
    under.store.apply([GONE]);
    assert.deepEqual([under.inUse, under.kept, under.store.state(CERT)], [undefined, "good", undefined]);
    under.store.apply([secret("bad")]);
    assert.deepEqual([under.inUse, under.kept], ["bad", "good"]);
    under.store.apply([secret("good again")]);
    assert.deepEqual([under.inUse, under.kept], ["good again", undefined]);
  });

  test("is the form in use, though Envoy has not asked for it yet", () => {
    for (const under of [create(), served("good before")]) {
      under.store.apply([secret("good")]);
      under.store.apply([GONE]);
      assert.equal(under.kept, "good");
      const after = create(under.archive);
      after.store.forgetUnseen();
      assert.equal(after.kept, "good");
    }
  });

  test("is not the form that Envoy refused", () => {
    const under = create();
    under.store.apply([secret("good")]);
    const hash = under.store.state(CERT)?.inUse?.hash ?? "";
    const problem = { severity: "error", path: "", message: "refused" } as const;
    assert.deepEqual(under.store.refuseByEnvoy([{ ref: CERT, hash }], problem), CERT);
    under.store.apply([GONE]);
    assert.deepEqual([under.inUse, under.kept], [undefined, undefined]);
  });

  test("is nothing that served nothing", () => {
    const bad = served("bad");
    bad.store.apply([GONE]);
    assert.equal(bad.kept, undefined);
    assert.equal(bad.archive.load().size, 0);
  });

  test("stands over a restart, be the object deleted before or meanwhile", () => {
    for (const deleted of [true, false]) {
      const before = served();
      if (deleted) before.store.apply([GONE]);
      const after = create(before.archive);
      assert.equal(after.kept, undefined, "not before all sources have told");
      after.store.forgetUnseen();
      assert.equal(after.kept, "good");
      const again = create(before.archive);
      again.store.forgetUnseen();
      assert.equal(again.kept, "good");
    }
  });

  test("stands over a restart in place of a form that serves nothing, which is never accepted", () => {
    const before = served();
    before.store.apply([secret("bad")]);
    before.accept();
    const after = create(before.archive);
    after.store.apply([secret("bad")]);
    after.store.forgetUnseen();
    assert.deepEqual([after.inUse, after.kept], ["bad", "good"]);
  });

  test("is forgotten when nobody needs it, over a restart, too", () => {
    const gone = served();
    gone.store.apply([GONE]);
    gone.store.release(CERT);
    assert.deepEqual([gone.kept, gone.store.keptRefs(), gone.archive.load().size], [undefined, [], 0]);
    const bad = served();
    bad.store.apply([secret("bad")]);
    bad.store.release(CERT);
    const after = create(bad.archive);
    after.store.apply([secret("bad")]);
    assert.deepEqual([bad.kept, after.kept], [undefined, undefined]);
  });

  test("comes back as what the source refuses falls back to", () => {
    const under = served();
    under.store.apply([GONE]);
    under.store.apply([{ type: "refuse", ref: CERT, origin, problems: [] }]);
    assert.deepEqual([under.inUse, under.kept], ["good", undefined]);
  });

  test("is not shown where the namespace wants no last good forms, and who asked is told", () => {
    const under = served();
    under.store.apply([GONE]);
    const changed: string[] = [];
    under.store.onChange((event) => changed.push(...event.changed.map(({ kind }) => kind)));
    const namespace = (lastGood: string): SourceChange =>
      put({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "team", annotations: { "binnacle.dev/last-good": lastGood } },
      });
    under.store.apply([namespace("off")]);
    assert.equal(under.kept, undefined);
    under.store.apply([namespace("on")]);
    assert.equal(under.kept, "good");
    assert.deepEqual(changed, ["Namespace", "Secret", "Namespace", "Secret"]);
  });
});
