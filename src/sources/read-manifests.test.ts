import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formatProblem } from "#lib/problem.ts";
import { formatRef } from "#resources/ref.ts";
import { refOf } from "#resources/resource.ts";
import { manifestTexts } from "./manifest-texts.ts";
import { readManifests } from "./read-manifests.ts";

const namespace = (name: string): string => `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;

let base = "";

before(async () => {
  base = await mkdtemp(join(tmpdir(), "binnacle-read-"));
  await mkdir(join(base, "m/x"), { recursive: true });
  await writeFile(join(base, "m/a.yaml"), `${namespace("a")}---\nkind: [\n${namespace("A")}`);
  await writeFile(join(base, "m/x/b.yaml"), namespace("b") + namespace("a"));
  await writeFile(join(base, "m/x/c.txt"), namespace("c"));
  await symlink("..", join(base, "m/x/up"));
  await symlink("nowhere", join(base, "m/x/gone.yaml"));
});
after(() => rm(base, { recursive: true }));

async function read(...paths: string[]): Promise<{ objects: string[]; problems: string[]; files: number }> {
  const { objects, problems, files } = await readManifests(await manifestTexts(paths, base), {
    unknownFields: "error",
  });
  return {
    objects: objects.map(({ object, origin }) => `${formatRef(refOf(object))} ${origin.file}:${origin.line}`),
    problems: problems.map(formatProblem),
    files,
  };
}

test("a folder is read with all that is below it, and all that is wrong is told", async () => {
  const { objects, problems, files } = await read("m");
  assert.deepEqual(objects, ["Namespace a m/a.yaml:2", "Namespace b m/x/b.yaml:2"]);
  assert.equal(files, 2);
  assert.equal(problems.length, 5, problems.join("\n"));
  assert.match(problems.join("\n"), /m\/x\/gone\.yaml: a symbolic link that leads nowhere/);
  assert.match(problems.join("\n"), /m\/x\/up: a symbolic link that leads back/);
  assert.match(problems.join("\n"), /m\/a\.yaml:6: not valid YAML/);
  assert.match(problems.join("\n"), /m\/a\.yaml:10: metadata\.name: found "A"/);
  assert.match(problems.join("\n"), /m\/x\/b\.yaml:6: Namespace a stands already in m\/a\.yaml:2/);
});

test("a file is read whatever its name is, and once however often it is given", async () => {
  const { objects, problems, files } = await read("m/x/c.txt", "m/x/b.yaml", "m/x/b.yaml");
  assert.deepEqual(objects, ["Namespace a m/x/b.yaml:6", "Namespace b m/x/b.yaml:2", "Namespace c m/x/c.txt:2"]);
  assert.deepEqual(problems, []);
  assert.equal(files, 2);
});

test("a path that is not there is a problem", async () => {
  assert.deepEqual(await read("n"), { objects: [], problems: ["n: cannot read it: it does not exist"], files: 0 });
});
