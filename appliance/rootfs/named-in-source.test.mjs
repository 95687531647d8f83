import assert from "node:assert/strict";
import { test } from "node:test";
import { namedIn } from "./named-in-source.mjs";

const nothing = { imports: [], requires: [], files: [], computed: [], looksBeside: false };

test("names are found wherever a source has them, also in functions that may never run", () => {
  const text = `
    import a from "a"; import "./b.js"; export * from "c"; export { d } from "d"; export const e = 1;
    const later = async () => await import("f");
    const thread = () => new Worker(new URL("./g.js", import.meta.url));`;
  assert.deepEqual(namedIn(text), {
    ...nothing,
    imports: ["a", "./b.js", "c", "d", "f"],
    files: ["./g.js"],
    looksBeside: true,
  });
  const script = 'exports.a = () => __importStar(require("a")); try { module.require(`b`); } catch {} resolve("c");';
  assert.deepEqual(namedIn(script), { ...nothing, requires: ["a", "b"] });
});

test("a name that only a run knows is told", () => {
  const script = 'require(name); import("./" + name); require("a");';
  assert.deepEqual(namedIn(script), {
    ...nothing,
    requires: ["a"],
    computed: ["require(name)", 'import("./" + name)'],
  });
});

test("who asks where it lies is told", () => {
  assert.ok(namedIn('fs.readFileSync(__dirname + "/x.proto")').looksBeside);
  assert.ok(namedIn("export const here = import.meta.dirname;").looksBeside);
});

test("of TypeScript, types name nothing that is loaded", () => {
  const text =
    'import type { A } from "./a.ts"; import { type B, b } from "./b.ts"; type C = import("./c.ts").C; export type { D } from "./d.ts";';
  assert.deepEqual(namedIn(text, "ts"), { ...nothing, imports: ["./b.ts"] });
});
