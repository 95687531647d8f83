import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createLogger } from "#lib/log.ts";
import { DirectorySource } from "./directory.ts";
import { House, put, TIMES } from "./directory-for-tests.ts";
import { broken, namespace, namespaceRef } from "./manifests-for-tests.ts";
import { RecordingSink } from "./recording-sink.ts";

const limit = { timeout: 600_000 };

describe("files that cannot be used", limit, () => {
  const broken = `---\nkind: [\n`;

  test("a document that is not YAML keeps the objects that came from its file", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") + namespace("b") + namespace("c") });
    await house.write("m/a.yaml", namespace("a", "{x: y}") + broken + namespace("c"));
    await house.untilProblems(/^m\/a.yaml:6: not valid YAML/);
    assert.deepEqual(house.sink.names(), ["Namespace a", "Namespace b", "Namespace c"]);
    assert.deepEqual([...house.sink.refused.keys()], ["Namespace b"]);
    assert.match(house.sink.refused.get("Namespace b") ?? "", /a\.yaml:6: not valid YAML/);
    await house.write("m/a.yaml", broken);
    await house.untilProblems(/^m\/a.yaml:2: not valid YAML/);
    assert.deepEqual([...house.sink.refused.keys()].sort(), ["Namespace a", "Namespace b", "Namespace c"]);
    await house.write("m/a.yaml", namespace("b"));
    await house.untilNames("b");
    await house.untilProblems();
    assert.deepEqual([...house.sink.refused.keys()], []);
  });

  test("also after a restart, from what the sink remembers", async () => {
    const remembered = { file: "", refs: [namespaceRef("a"), namespaceRef("b")] };
    await using house = await House.openMissing({
      remembered: new Proxy(
        {},
        { get: (_, file) => (String(file).endsWith("/m/a.yaml") ? remembered.refs : undefined) },
      ),
    });
    await house.write("m/a.yaml", broken + namespace("b"));
    await house.sink.until(() => house.synced);
    assert.deepEqual(
      house.calls().map((line) => line.replace(/ m\S*/, "")),
      ["refuse Namespace a", "put Namespace b"],
    );
  });

  test("an object that is wrong in itself is refused, and nothing else is", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") + namespace("b") });
    await house.write("m/a.yaml", namespace("a", "[]") + namespace("b"));
    await house.sink.until(() => house.sink.refused.size > 0);
    assert.deepEqual(house.calls().slice(2), ["refuse Namespace a m/a.yaml:2"]);
    assert.match(
      house.sink.refused.get("Namespace a") ?? "",
      /a\.yaml:4: metadata\.labels: found a list, expected a map/,
    );
    assert.deepEqual(house.problems(), [], "the problem belongs to the object");
  });

  test("an object that lost its name may be any that came from the file", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") + namespace("b") });
    await house.write("m/a.yaml", namespace("a") + namespace("Ü"));
    await house.untilProblems(/^m\/a.yaml:8: metadata.name: found "Ü"/);
    assert.deepEqual([...house.sink.refused.keys()], ["Namespace b"]);
  });

  test("a file that is too large or no text is refused, and keeps its objects", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a"), "m/b.yaml": namespace("b") });
    await truncate(house.path("m/a.yaml"), 65 * 1024 * 1024);
    await writeFile(house.path("m/b.yaml"), Buffer.from([0xff, 0xfe, 0x61, 0x00]));
    await house.untilProblems(
      "m/a.yaml: found 65 MiB, expected at most 64; split it into several files",
      "m/b.yaml: not text in UTF-8; save it as UTF-8",
    );
    assert.deepEqual([...house.sink.refused.keys()].sort(), ["Namespace a", "Namespace b"]);
    assert.deepEqual(house.sink.names(), ["Namespace a", "Namespace b"]);
    await house.replace("m/a.yaml", namespace("a"));
    await house.untilProblems(/^m\/b.yaml/);
    await house.remove("m/b.yaml");
    await house.untilNames("a");
    await house.untilProblems();
  });

  test("a byte order mark is no part of the text", async () => {
    await using house = await House.open({ "m/a.yaml": `\uFEFF${namespace("a")}` });
    assert.deepEqual(house.sink.names(), ["Namespace a"]);
  });

  test("a file that is emptied in place and stays so loses its objects", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a") });
    await truncate(house.path("m/a.yaml"), 0);
    await house.untilNames();
  });
});

test("what is wrong is in the log, once", limit, async () => {
  const base = await mkdtemp(join(tmpdir(), "binnacle-sources-"));
  await put(join(base, "m/a.yaml"), namespace("a", "[]") + broken("b"));
  const lines: string[] = [];
  const log = createLogger({
    level: "warn",
    format: "json",
    write: (line) => lines.push(line.replaceAll(`${base}/`, "")),
  });
  const stop = new AbortController();
  const source = new DirectorySource({
    directory: join(base, "m"),
    sink: new RecordingSink(),
    log,
    validation: { unknownFields: "error" },
    onProblems: () => stop.abort(),
    times: TIMES,
  });
  await source.run(stop.signal);
  assert.match(lines[0] ?? "", /m\/a\.yaml:4: metadata\.labels: found a list, expected a map/);
  assert.match(lines[1] ?? "", /m\/a\.yaml:9: not valid YAML/);
  assert.equal(lines.length, 2);
  await rm(base, { recursive: true });
});

test("what is wrong with a file that was well is in the log once", limit, async () => {
  const base = await mkdtemp(join(tmpdir(), "binnacle-sources-"));
  await put(join(base, "m/a.yaml"), namespace("a") + namespace("b"));
  const lines: string[] = [];
  const log = createLogger({ level: "warn", format: "json", write: (line) => lines.push(line) });
  const stop = new AbortController();
  const source = new DirectorySource({
    directory: join(base, "m"),
    sink: new RecordingSink(),
    log,
    validation: { unknownFields: "error" },
    onSynced: () => void put(join(base, "m/a.yaml"), namespace("a") + namespace("b", "[")),
    onProblems: () => stop.abort(),
    times: TIMES,
  });
  await source.run(stop.signal);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0] ?? "", /not valid YAML/);
  await rm(base, { recursive: true });
});
