import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CORE_SCHEMA, dump, load, loadAll } from "js-yaml";

const IN = ".in.yaml";
const OUT = ".out.yaml";

/**
 * A test for each `<case>.in.yaml` of a folder: what `produce` makes of its documents is compared, as values, with
 * `<case>.out.yaml`. UPDATE_GOLDEN=1 writes the outputs anew and removes those without an input.
 */
export function goldenTests(
  folder: string,
  produce: (documents: readonly unknown[]) => unknown,
  /** Values below this depth stand in one line. */
  flowLevel: number,
): void {
  const update = process.env["UPDATE_GOLDEN"] === "1";
  const files = readdirSync(folder).sort();
  const cases = files.filter((file) => file.endsWith(IN)).map((file) => file.slice(0, -IN.length));
  for (const name of cases) {
    void test(name, async () => {
      const documents = loadAll(readFileSync(join(folder, name + IN), "utf8"), { schema: CORE_SCHEMA });
      const produced = plain(await produce(documents));
      const file = join(folder, name + OUT);
      if (update) writeFileSync(file, dump(produced, { schema: CORE_SCHEMA, lineWidth: -1, noRefs: true, flowLevel }));
      else if (files.includes(name + OUT))
        assert.deepEqual(produced, load(readFileSync(file, "utf8"), { schema: CORE_SCHEMA }));
      else assert.fail(`${name + OUT} is missing; UPDATE_GOLDEN=1 npm test -- golden writes it`);
    });
  }
  void test("no output without an input", () => {
    const orphans = files.filter((file) => file.endsWith(OUT) && !cases.includes(file.slice(0, -OUT.length)));
    if (update) for (const orphan of orphans) rmSync(join(folder, orphan));
    else assert.deepEqual(orphans, []);
  });
}

/** As it comes back from a file: without `undefined`. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
