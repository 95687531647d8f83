import assert from "node:assert/strict";
import { mkdtemp, open, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { formatRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { Claims } from "./claims.ts";
import { FileStates } from "./file-states.ts";

const a = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
const b = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n";

let base = "";
let path = "";
let claims = new Claims(() => []);
let files = new FileStates(claims, { unknownFields: "error" });

before(async () => {
  base = await mkdtemp(join(tmpdir(), "binnacle-files-"));
});
after(() => rm(base, { recursive: true }));
beforeEach((context) => {
  path = join(base, `${context.name.replaceAll(/\W/g, "-")}.yaml`);
  claims = new Claims(() => []);
  files = new FileStates(claims, { unknownFields: "error" });
});

/** What changed by looking at the file, or `later` when it is left alone for now. */
async function look(): Promise<string[] | "later"> {
  const unfinished = await files.read(new Map([[path, await stat(path)]]), () => undefined);
  const changes = claims
    .takeChanges()
    .map((change) => `${change.type} ${formatRef(change.type === "put" ? refOf(change.object) : change.ref)}`);
  return unfinished.length > 0 ? "later" : changes;
}

/** Writes into the file that is there, as a shell's `>` does. */
async function overwrite(text: string): Promise<void> {
  const file = await open(path, "w");
  await file.writeFile(text);
  await file.close();
}

async function putInPlace(text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

describe("a file that is being written", () => {
  test("is left alone while it is broken, and taken when it is whole", async () => {
    await overwrite(`${a}---\nkind: [`);
    assert.equal(await look(), "later");
    await overwrite(`${a}---\nkind: [x`);
    assert.equal(await look(), "later");
    await overwrite(a + b);
    assert.deepEqual(await look(), ["put Namespace a", "put Namespace b"]);
  });

  test("is believed when it is the same the second time", async () => {
    await overwrite(`${a}---\nkind: [`);
    assert.equal(await look(), "later");
    assert.deepEqual(await look(), ["put Namespace a"]);
    assert.equal(claims.fileProblems().length, 1);
    assert.deepEqual(await look(), [], "and then not looked at again");
  });

  test("is believed in the end although it goes on changing", async () => {
    for (let times = 0; times < 10; times++) {
      await overwrite(`kind: [${"x".repeat(times)}`);
      assert.equal(await look(), "later");
    }
    await overwrite(`kind: [${"x".repeat(10)}`);
    assert.deepEqual(await look(), []);
    assert.equal(claims.fileProblems().length, 1);
  });

  test("is left alone while it is empty, or shorter than it was", async () => {
    await overwrite(a + b);
    await look();
    await overwrite("");
    assert.equal(await look(), "later");
    await overwrite(a);
    assert.equal(await look(), "later");
    await overwrite(a + b);
    assert.deepEqual(await look(), []);
    await overwrite(a);
    assert.equal(await look(), "later");
    assert.deepEqual(await look(), ["delete Namespace b"]);
  });

  test("loses nothing when an object only changes", async () => {
    await overwrite(a + b);
    await look();
    await overwrite(a + b.replace("name: b", "name: b, labels: {x: y}"));
    assert.deepEqual(await look(), ["put Namespace b"]);
  });
});

describe("a file that is whole", () => {
  test("because it was put in place loses what is not in it at once", async () => {
    await putInPlace(a + b);
    await look();
    await putInPlace(a);
    assert.deepEqual(await look(), ["delete Namespace b"]);
  });

  test("because it has not changed for a while is believed at once", async () => {
    await overwrite("kind: [");
    await utimes(path, 1000, 1000);
    assert.deepEqual(await look(), []);
    assert.equal(claims.fileProblems().length, 1);
  });
});

test("a file with another time and the same content is not read as a change", async () => {
  await overwrite(a);
  await look();
  await utimes(path, 1000, 1000);
  assert.deepEqual(await look(), []);
});

test("a file of the same size and time with another content is a change", async () => {
  await overwrite(a);
  await utimes(path, 1000, 1000);
  await look();
  await overwrite(a.replace("name: a", "name: b"));
  await utimes(path, 1000, 1000);
  assert.deepEqual(await look(), ["delete Namespace a", "put Namespace b"]);
});
