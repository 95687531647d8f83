import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { stableSlices } from "./stable-slices.ts";

const SIZE = 100;
const addresses = (count: number) =>
  Array.from({ length: count }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
const cut = (members: readonly string[]) => stableSlices(members, (member) => member, SIZE);

/** The parts that differ. */
function touched(
  before: ReadonlyMap<number, readonly string[]>,
  after: ReadonlyMap<number, readonly string[]>,
): readonly number[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((part) => String(before.get(part)) !== String(after.get(part)));
}

suite("slices", () => {
  test("nothing is no slice, and what fits into one is one, as it comes", () => {
    assert.deepEqual(cut([]), new Map());
    assert.deepEqual(cut(["b", "a"]), new Map([[0, ["b", "a"]]]));
    assert.equal(cut(addresses(SIZE)).size, 1);
  });

  test("hold everything once, are about as large as they should be, and the order does not matter", () => {
    for (const count of [101, 250, 1000, 1600, 5000]) {
      const all = addresses(count);
      const parts = cut(all);
      assert.deepEqual([...parts.values()].flat().sort(), all.toSorted());
      const sizes = [...parts.values()].map(({ length }) => length);
      assert.ok(Math.max(...sizes) < 3 * SIZE, `${count}: ${sizes.join()}`);
      const other = cut(all.toReversed());
      assert.deepEqual(
        [...other].map(([part, members]) => [part, members.toReversed()]),
        [...parts],
      );
    }
  });

  test("one of a thousand that goes touches its own alone, whichever it is", () => {
    const all = addresses(1000);
    const before = cut(all);
    for (const gone of all) {
      const after = cut(all.filter((one) => one !== gone));
      assert.equal(touched(before, after).length, 1, gone);
    }
  });

  test("one that comes touches its own, and two more at most where it needs a new one, which is filled from one before it", () => {
    const all = addresses(1700);
    let before = cut([]);
    for (let count = 1; count <= all.length; count++) {
      const after = cut(all.slice(0, count));
      const isNew = Math.ceil(count / SIZE) > Math.ceil((count - 1) / SIZE);
      assert.ok(touched(before, after).length <= (isNew ? 3 : 1), `at ${count}: ${touched(before, after).join()}`);
      before = after;
    }
  });
});
