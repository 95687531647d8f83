import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { silentLogger } from "#lib/log.ts";
import type { ObjectSink } from "#store/changes.ts";
import { DirectorySource } from "./directory.ts";
import { House } from "./directory-for-tests.ts";
import { broken, namespace, other } from "./manifests-for-tests.ts";
import { RecordingSink } from "./recording-sink.ts";

const limit = { timeout: 600_000 };

describe("what stands there at the start", limit, () => {
  test("comes in one call, before the source says that it is synced", async () => {
    await using house = await House.open({
      "m/a.yaml": namespace("a") + namespace("b"),
      "m/sub/folder/c.yml": namespace("c"),
      "m/d.json":
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "d"}}]}',
    });
    assert.equal(house.sink.calls.length, 1);
    assert.deepEqual(house.calls(), [
      "put Namespace a m/a.yaml:2",
      "put Namespace b m/a.yaml:6",
      "put Namespace c m/sub/folder/c.yml:2",
      "put Namespace d m/d.json:1",
    ]);
    assert.deepEqual(house.problems(), []);
    assert.equal(house.source.state().state, "synced");
  });

  test("an empty directory is synced too", async () => {
    await using house = await House.open({});
    assert.deepEqual(house.calls(), []);
    assert.equal(house.synced, true);
  });

  test("editors' files, dotfiles and other files are passed over", async () => {
    await using house = await House.open({
      "m/a.yaml": namespace("a"),
      "m/a.yaml~": namespace("b"),
      "m/.a.yaml.swp": "\0",
      "m/.hidden.yaml": namespace("c"),
      "m/#a.yaml#": namespace("d"),
      "m/.git/config.yaml": namespace("e"),
      "m/a.yaml.bak": namespace("f"),
      "m/notes.txt": namespace("g"),
    });
    assert.deepEqual(house.sink.names(), ["Namespace a"]);
    assert.deepEqual(house.problems(), []);
  });

  test("objects of other kinds are one warning a file", async () => {
    await using house = await House.open({
      "m/a.yaml": other("Deployment") + namespace("a") + other("StatefulSet") + other("Deployment"),
    });
    assert.deepEqual(house.problems(), [
      "m/a.yaml: skipped objects of kinds that are not read: Deployment (2), StatefulSet",
    ]);
    assert.deepEqual(house.sink.names(), ["Namespace a"]);
  });
});

describe("changes", limit, () => {
  test("of a file put, replace and delete its objects, and only those that differ", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") + namespace("b") });
    await house.write("m/a.yaml", namespace("a") + namespace("b", "{x: y}") + namespace("c"));
    await house.untilNames("a", "b", "c");
    await house.replace("m/a.yaml", namespace("a") + namespace("c"));
    await house.untilNames("a", "c");
    await house.remove("m/a.yaml");
    await house.untilNames();
    assert.deepEqual(
      house.sink.calls.slice(1).map((call) => call.map((line) => line.replace(/ \S*\//, " "))),
      [
        ["put Namespace b a.yaml:6", "put Namespace c a.yaml:10"],
        ["delete Namespace b", "put Namespace c a.yaml:6"],
        ["delete Namespace a", "delete Namespace c"],
      ],
    );
  });

  test("that change nothing are not told", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") });
    await house.replace("m/a.yaml", namespace("a"));
    await house.write("m/b.yaml", namespace("b"));
    await house.untilNames("a", "b");
    assert.deepEqual(house.calls(), ["put Namespace a m/a.yaml:2", "put Namespace b m/b.yaml:2"]);
  });

  test("of folders are seen: made, filled, renamed, removed, made again", async () => {
    await using house = await House.open({});
    await house.write("m/x/y/a.yaml", namespace("a"));
    await house.untilNames("a");
    await house.write("m/x/y/b.yaml", namespace("b"));
    await house.untilNames("a", "b");
    await rename(house.path("m/x"), house.path("m/z"));
    await house.sink.until(() => house.calls().at(-1) === "put Namespace b m/z/y/b.yaml:2");
    await house.write("m/z/y/c.yaml", namespace("c"));
    await house.untilNames("a", "b", "c");
    await house.remove("m/z");
    await house.untilNames();
    await house.write("m/z/y/a.yaml", namespace("a"));
    await house.untilNames("a");
    await house.write("m/z/y/b.yaml", namespace("b"));
    await house.untilNames("a", "b");
  });

  test("a folder moved in from elsewhere comes with all that is in it", async () => {
    await using house = await House.open({ "elsewhere/x/a.yaml": namespace("a"), "elsewhere/b.yaml": namespace("b") });
    await rename(house.path("elsewhere"), house.path("m/new"));
    await house.untilNames("a", "b");
    await rename(house.path("m/new"), house.path("elsewhere"));
    await house.untilNames();
  });

  test("a checkout of many files comes in a few calls", async () => {
    await using house = await House.open({}, { times: { quiet: 50 } });
    const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name, index) => house.write(`m/${index % 7}/${name}.yaml`, namespace(name))));
    await house.untilNames(...names);
    assert.ok(house.sink.calls.length < 50, `${house.sink.calls.length} calls`);
  });

  test("that were missed are found by the repair", async () => {
    // Nobody is told when a link in the middle of the directory's own path leads elsewhere.
    await using house = await House.open(
      { "one/m/a.yaml": namespace("a"), "two/m/b.yaml": namespace("b") },
      { directory: "one/m", times: { repair: 20 } },
    );
    await rename(house.path("one"), house.path("old"));
    await rename(house.path("two"), house.path("one"));
    await house.untilNames("b");
  });
});

describe("an object in two files", limit, () => {
  test("is the first file's, and is told of both", async () => {
    await using house = await House.open({
      "m/b.yaml": namespace("a", "{from: b}"),
      "m/c.yaml": namespace("a", "{from: c}"),
    });
    const from = (): string | undefined => house.sink.objects.get("Namespace a")?.metadata.labels["from"];
    assert.equal(from(), "b");
    const told = "m/c.yaml:2: Namespace a stands already in m/b.yaml:2, which is in effect; remove one of the two";
    assert.deepEqual(house.problems(), [told]);
    await house.write("m/a.yaml", namespace("a", "{from: a}"));
    await house.sink.until(() => from() === "a");
    await house.untilProblems(/^m\/b.yaml:2: .*m\/a.yaml:2/, /^m\/c.yaml:2: .*m\/a.yaml:2/);
    await house.remove("m/a.yaml");
    await house.sink.until(() => from() === "b");
    await house.remove("m/b.yaml");
    await house.sink.until(() => from() === "c");
    await house.untilProblems();
    assert.equal(
      house.calls().some((line) => line.startsWith("delete")),
      false,
      "it was never gone",
    );
  });

  test("twice in one file is told too", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") + namespace("a") });
    await house.untilProblems(/^m\/a.yaml:6: Namespace a stands already in .*m\/a.yaml:2/);
  });

  test("may move between files, whichever is written first", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") + namespace("b") });
    await house.write("m/b.yaml", namespace("b"));
    await house.untilProblems(/stands already/);
    await house.write("m/a.yaml", namespace("a"));
    await house.untilProblems();
    await house.write("m/a.yaml", namespace("a") + broken("b"));
    await house.untilProblems(/not valid YAML/);
    assert.deepEqual(house.sink.names(), ["Namespace a", "Namespace b"]);
    assert.equal(house.sink.refused.size, 0, "what stands elsewhere is not held");
  });
});

function sourceOf(directory: string, sink: ObjectSink): DirectorySource {
  return new DirectorySource({ directory, sink, log: silentLogger, validation: { unknownFields: "error" } });
}

describe("its end", limit, () => {
  test("comes with the signal, also before the start", async () => {
    await sourceOf(tmpdir(), new RecordingSink()).run(AbortSignal.abort());
    const stop = new AbortController();
    const run = sourceOf(tmpdir(), new RecordingSink()).run(stop.signal);
    stop.abort();
    await run;
  });

  test("comes with what the sink throws", async () => {
    const base = await mkdtemp(join(tmpdir(), "binnacle-sources-"));
    await writeFile(join(base, "a.yaml"), namespace("a"));
    const sink = {
      apply: () => {
        throw new Error("full");
      },
      refsFrom: () => [],
    };
    const source = sourceOf(base, sink);
    await assert.rejects(source.run(new AbortController().signal), /full/);
    await rm(base, { recursive: true });
  });
});
