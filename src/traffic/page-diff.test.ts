import assert from "node:assert/strict";
import { test } from "node:test";
import { PageDiffs } from "./page-diff.ts";
import type { AdminPage, PageDiff } from "./receiver-messages.ts";

function read(pages: PageDiffs, page: AdminPage, envoy: string, bytes: Uint8Array, fresh: boolean): PageDiff {
  const reader = pages.open(page, envoy, fresh);
  reader.add(bytes.subarray(0, bytes.length / 2));
  reader.add(bytes.subarray(bytes.length / 2));
  return reader.end();
}

function counters(values: Readonly<Record<string, number>>): Uint8Array {
  return Buffer.from(JSON.stringify({ stats: Object.entries(values).map(([name, value]) => ({ name, value })) }));
}

function clusters(...lines: readonly string[]): Uint8Array {
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

test("of counters only what differs is handed on, and what is gone", () => {
  const pages = new PageDiffs();
  const diff = (values: Readonly<Record<string, number>>, fresh = false) =>
    read(pages, "counters", "e1", counters(values), fresh);
  assert.deepEqual(diff({ a: 1, b: 2 }).changed, [
    ["a", 1],
    ["b", 2],
  ]);
  assert.deepEqual(diff({ a: 1, b: 3 }), { page: "counters", changed: [["b", 3]], gone: [] });
  assert.deepEqual(diff({ b: 3 }), { page: "counters", changed: [], gone: ["a"] });
  assert.deepEqual(diff({ b: 3 }, true).changed, [["b", 3]]);
  assert.deepEqual(
    read(pages, "counters", "e2", counters({ b: 3 }), false).changed,
    [["b", 3]],
    "each Envoy for itself",
  );
});

test("of clusters only those with a line that differs", () => {
  const pages = new PageDiffs();
  const diff = (...lines: readonly string[]) => read(pages, "clusters", "e1", clusters(...lines), false);
  const [a, b] = ["local/n/a/80::10.0.0.1:80::rq_total::1", "local/n/b/80::10.0.0.2:80::rq_total::1"];
  assert.equal(diff(a, b).changed.length, 2);
  assert.deepEqual(diff(b, a), { page: "clusters", changed: [], gone: [] }, "their order means nothing");
  const changed = diff(a, "local/n/b/80::10.0.0.2:80::rq_total::2").changed;
  assert.equal(JSON.stringify(changed).includes('"requests":2'), true);
  assert.equal(changed.length, 1);
  assert.deepEqual(diff(a).gone, ["local/n/b/80"]);
});

test("a page that is none is refused, and what was known stays", () => {
  const pages = new PageDiffs();
  read(pages, "counters", "e1", counters({ a: 1 }), false);
  for (const text of ["", "{}", '{"stats":1}', "<html>", "[1"]) {
    assert.throws(() => read(pages, "counters", "e1", Buffer.from(text), false), text);
  }
  assert.deepEqual(read(pages, "counters", "e1", counters({ a: 1 }), false).changed, []);
  assert.deepEqual(
    read(pages, "counters", "e1", Buffer.from('{"stats":[{},{"name":"x"},{"value":1}]}'), false).changed,
    [],
  );
});

test("a page that breaks off has said nothing", () => {
  const pages = new PageDiffs();
  const line = (requests: number) => clusters(`local/n/a/80::10.0.0.1:80::rq_total::${requests}`, "other::x::y");
  read(pages, "clusters", "e1", line(1), false);
  pages.open("clusters", "e1", false).add(line(2));
  assert.equal(JSON.stringify(read(pages, "clusters", "e1", line(2), false)).includes('"requests":2'), true);
});

test("it has grown by names that are new, not by values that change with each page", () => {
  const pages = new PageDiffs();
  const counts = (names: number, value: number) =>
    counters(Object.fromEntries(Array.from({ length: names }, (_, index) => [`c${index}`, value])));
  const grownBy = (page: Uint8Array) => {
    read(pages, "counters", "e1", page, false);
    return pages.hasGrown(2);
  };
  assert.equal(grownBy(counts(2, 1)), false, "no more than that");
  assert.equal(grownBy(counts(3, 1)), true, "the others count, too");
  assert.equal(grownBy(counts(3, 2)), false, "every value changed");
  assert.equal(grownBy(counts(1, 3)), false, "fewer");
  assert.equal(grownBy(counts(4, 3)), true, "from the fewest on");
  read(
    pages,
    "clusters",
    "e1",
    clusters(...["a", "b", "c"].map((name) => `local/n/${name}/80::10.0.0.1:80::rq_total::1`)),
    false,
  );
  assert.equal(pages.hasGrown(2), true, "clusters as well");
});
