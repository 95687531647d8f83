import assert from "node:assert/strict";
import test from "node:test";
import { formatAge, formatTable } from "./table.ts";

test("columns are as wide as their widest cell and lines end without blanks", () => {
  assert.equal(
    formatTable(
      ["NAME", "AGE"],
      [
        ["a-long-name", "5m"],
        ["b", ""],
      ],
    ),
    "NAME          AGE\na-long-name   5m\nb\n",
  );
});

test("ages are written as kubectl writes them", () => {
  assert.deepEqual([0, 119_000, 120_000, 7_199_000, 7_200_000, 172_800_000].map(formatAge), [
    "0s",
    "119s",
    "2m",
    "119m",
    "2h",
    "2d",
  ]);
});

test("numbers stand right in a column that keeps its width, and what is painted takes no room", () => {
  const rate = { name: "REQ/S", right: true, least: 7 } as const;
  const painted = formatTable(
    ["HOST", rate, "NOTE"],
    [
      ["shop", "9.0", ""],
      ["b", "1200.0", "x"],
    ],
    (text, row) => (row === 1 ? `<${text}>` : text),
  );
  assert.equal(painted, "HOST     REQ/S   NOTE\nshop       9.0\n<b>       <1200.0>   <x>\n");
});

test("where there is no room the widest text is cut, down to eight signs, and no number", () => {
  const rate = { name: "REQ/S", right: true, least: 7 } as const;
  const rows = [["a-host-of-twenty-one.", "a-route", "1200.0"]];
  const table = (most: number): string => formatTable(["HOST", "ROUTE", rate], rows, (text) => text, most);
  assert.equal(table(41), "HOST                    ROUTE       REQ/S\na-host-of-twenty-one.   a-route    1200.0\n");
  assert.equal(table(30), "HOST         ROUTE       REQ/S\na-host-of…   a-route    1200.0\n");
  assert.equal(table(10), "HOST       ROUTE       REQ/S\na-host-…   a-route    1200.0\n");
});
