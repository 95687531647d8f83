import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, test } from "node:test";
import { createLogger, silentLogger } from "#lib/log.ts";
import { formatProblem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { ObjectSink } from "#store/changes.ts";
import { DirectorySource, type DirectoryTimes } from "./directory.ts";
import { RecordingSink } from "./recording-sink.ts";

const TIMES: DirectoryTimes = { quiet: 5, unfinished: 30, repair: 3_600_000, missing: 20 };

interface Options {
  readonly times?: Partial<DirectoryTimes>;
  readonly remembered?: Readonly<Record<string, readonly ObjectRef[]>>;
  /** The directory below the temporary one. */
  readonly directory?: string;
}

/** A source that follows a temporary directory: `await using house = await House.open(files)`. */
class House implements AsyncDisposable {
  readonly sink: RecordingSink;
  readonly source: DirectorySource;
  readonly #base: string;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  #synced = false;

  private constructor(base: string, options: Options) {
    this.#base = base;
    this.sink = new RecordingSink(options.remembered);
    this.source = new DirectorySource({
      directory: join(base, options.directory ?? "m"),
      sink: this.sink,
      log: silentLogger,
      validation: { unknownFields: "error" },
      onSynced: () => {
        this.#synced = true;
        this.sink.wake();
      },
      onProblems: () => this.sink.wake(),
      times: { ...TIMES, ...options.times },
    });
    this.#run = this.source.run(this.#stop.signal);
  }

  /** With the directory `m` and the files, by their paths below the temporary directory, read already. */
  static async open(files: Readonly<Record<string, string>>, options: Options = {}): Promise<House> {
    const base = await mkdtemp(join(tmpdir(), "binnacle-sources-"));
    await mkdir(join(base, "m"));
    for (const [path, text] of Object.entries(files)) await put(join(base, path), text);
    const house = new House(base, options);
    await house.sink.until(() => house.#synced);
    return house;
  }

  /** Without anything in the temporary directory, and nothing awaited. */
  static async openMissing(options: Options = {}): Promise<House> {
    return new House(await mkdtemp(join(tmpdir(), "binnacle-sources-")), options);
  }

  get synced(): boolean {
    return this.#synced;
  }

  path(path: string): string {
    return join(this.#base, path);
  }

  write(path: string, text: string): Promise<void> {
    return put(this.path(path), text);
  }

  /** As editors and configuration management save: a new file is put in the old one's place. */
  async replace(path: string, text: string): Promise<void> {
    await writeFile(this.path(`${path}.new`), text);
    await rename(this.path(`${path}.new`), this.path(path));
  }

  remove(path: string): Promise<void> {
    return rm(this.path(path), { recursive: true });
  }

  async untilNames(...names: string[]): Promise<void> {
    await this.sink.until(
      () =>
        this.sink.names().join() ===
        names
          .map((name) => `Namespace ${name}`)
          .sort()
          .join(),
    );
  }

  /** All calls as one list, with paths below the temporary directory. */
  calls(): string[] {
    return this.sink.calls.flat().map((line) => line.replaceAll(`${this.#base}/`, ""));
  }

  problems(): string[] {
    return this.source.problems().map((problem) => formatProblem(problem).replaceAll(`${this.#base}/`, ""));
  }

  async untilProblems(...expected: (string | RegExp)[]): Promise<void> {
    const holds = (): boolean => {
      const found = this.problems();
      return (
        found.length === expected.length &&
        expected.every((wanted, index) =>
          typeof wanted === "string" ? found[index] === wanted : wanted.test(found[index] ?? ""),
        )
      );
    };
    await this.sink.until(holds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
    await rm(this.#base, { recursive: true, force: true });
  }
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function namespace(name: string, labels = "{}"): string {
  return `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: ${labels}}\n`;
}

function other(kind: string): string {
  return `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: x}\n`;
}

function namespaceRef(name: string): ObjectRef {
  return { kind: "Namespace", namespace: "", name };
}

const limit = { timeout: 30_000 };

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

function broken(name: string): string {
  return `${namespace(name)}: [`;
}

describe("symbolic links", limit, () => {
  test("a Kubernetes volume's files change by the exchange of ..data", async () => {
    const base = await mkdtemp(join(tmpdir(), "binnacle-volume-"));
    const volume = (name: string): string => join(base, name);
    await put(volume("..1/a.yaml"), namespace("a"));
    await symlink("..1", volume("..data"));
    await symlink("..data/a.yaml", volume("a.yaml"));
    await using house = await House.open({}, { directory: join("..", basename(base)) });
    assert.deepEqual(house.sink.names(), ["Namespace a"]);
    await put(volume("..2/a.yaml"), namespace("b"));
    await symlink("..2", volume("..data_tmp"));
    await rename(volume("..data_tmp"), volume("..data"));
    await house.untilNames("b");
    await put(volume("..3/a.yaml"), namespace("c"));
    await symlink("..3", volume("..data_tmp"));
    await rename(volume("..data_tmp"), volume("..data"));
    await rm(volume("..1"), { recursive: true });
    await house.untilNames("c");
    await rm(base, { recursive: true });
  });

  test("a linked file and a linked folder are followed, in place and when they lead elsewhere", async () => {
    await using house = await House.open({
      "store/a.yaml": namespace("a"),
      "store/f/b.yaml": namespace("b"),
      "store/g/c.yaml": namespace("c"),
    });
    await symlink("../store/a.yaml", house.path("m/a.yaml"));
    await symlink("../store/f", house.path("m/f"));
    await house.untilNames("a", "b");
    await appendFile(house.path("store/a.yaml"), namespace("a2"));
    await house.untilNames("a", "a2", "b");
    await house.write("store/f/b2.yaml", namespace("b2"));
    await house.untilNames("a", "a2", "b", "b2");
    await symlink("../store/g", house.path("m/new"));
    await rename(house.path("m/new"), house.path("m/f"));
    await house.untilNames("a", "a2", "c");
    await house.write("store/g/c2.yaml", namespace("c2"));
    await house.untilNames("a", "a2", "c", "c2");
  });

  test("a link that leads round in a circle is told and not followed", async () => {
    await using house = await House.open({ "m/x/a.yaml": namespace("a") });
    await symlink("..", house.path("m/x/up"));
    await house.untilProblems("m/x/up: a symbolic link that leads back to a folder around it; remove the link");
    await symlink(".", house.path("m/self"));
    await house.untilProblems(/^m\/x\/up: /, /^m\/self: /);
    assert.deepEqual(house.sink.names(), ["Namespace a"]);
    await rm(house.path("m/x/up"));
    await rm(house.path("m/self"));
    await house.untilProblems();
  });

  test("a link that leads nowhere is told and keeps its objects", async () => {
    await using house = await House.open({ "store/a.yaml": namespace("a") });
    await symlink("../store/a.yaml", house.path("m/a.yaml"));
    await house.untilNames("a");
    await house.remove("store/a.yaml");
    await house.untilProblems("m/a.yaml: a symbolic link that leads nowhere; correct or remove the link");
    assert.deepEqual(house.sink.names(), ["Namespace a"]);
    await house.write("store/a.yaml", namespace("a") + namespace("b"));
    await rm(house.path("m/a.yaml"));
    await symlink("../store/a.yaml", house.path("m/a.yaml"));
    await house.untilNames("a", "b");
    await house.untilProblems();
  });
});

describe("a directory that is not there", limit, () => {
  test("is waited for at the start", async () => {
    await using house = await House.openMissing();
    await house.untilProblems("m: cannot read the directory: it does not exist");
    assert.equal(house.synced, false);
    assert.equal(house.source.state().state, "syncing");
    await house.write("m/a.yaml", namespace("a"));
    await house.untilNames("a");
    await house.untilProblems();
    assert.equal(house.synced, true);
  });

  test("keeps everything while it is away", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a"), "m/x/b.yaml": namespace("b") });
    await rename(house.path("m"), house.path("away"));
    await house.untilProblems("m: cannot read the directory: it does not exist");
    assert.equal(house.source.state().state, "stale");
    assert.deepEqual(house.sink.names(), ["Namespace a", "Namespace b"]);
    await house.remove("away/x");
    await rename(house.path("away"), house.path("m"));
    await house.untilNames("a");
    await house.untilProblems();
    assert.equal(house.source.state().state, "synced");
    await house.write("m/x/c.yaml", namespace("c"));
    await house.untilNames("a", "c");
  });

  test("may come back as another one", async () => {
    await using house = await House.open({ "m/a.yaml": namespace("a"), "other/b.yaml": namespace("b") });
    await rename(house.path("m"), house.path("away"));
    await rename(house.path("other"), house.path("m"));
    await house.untilNames("b");
    await house.write("m/c.yaml", namespace("c"));
    await house.untilNames("b", "c");
  });

  test("may be a link that is led elsewhere", async () => {
    await using house = await House.open(
      { "one/a.yaml": namespace("a"), "two/b.yaml": namespace("b") },
      { directory: "one" },
    );
    await rename(house.path("one"), house.path("three"));
    await symlink("three", house.path("one"));
    await house.write("three/c.yaml", namespace("c"));
    await house.untilNames("a", "c");
    await symlink("two", house.path("new"));
    await rename(house.path("new"), house.path("one"));
    await house.untilNames("b");
    await house.write("two/d.yaml", namespace("d"));
    await house.untilNames("b", "d");
  });

  test("is no file either", async () => {
    await using house = await House.openMissing();
    await house.write("m", "x");
    await house.untilProblems("m: cannot read the directory: it is not a folder");
  });
});

function sourceOf(directory: string, sink: ObjectSink): DirectorySource {
  return new DirectorySource({ directory, sink, log: silentLogger, validation: { unknownFields: "error" } });
}

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
