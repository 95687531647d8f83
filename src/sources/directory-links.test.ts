import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { House, put } from "./directory-for-tests.ts";
import { namespace } from "./manifests-for-tests.ts";

const limit = { timeout: 600_000 };

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
    assert.equal(house.source.state().state, "failed");
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
