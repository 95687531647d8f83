import assert from "node:assert/strict";
import { test } from "node:test";
import type { IrHeaderMatch } from "./ir-header-match.ts";
import type { IrMatch, IrPathMatch, IrQueryMatch, IrRoute } from "./ir-route.ts";
import { comparePrecedence } from "./precedence.ts";

function route(type: IrPathMatch["type"], value: string, more: Omit<IrMatch, "path"> = {}): IrRoute {
  const action = { type: "respond", status: 200, body: "" } as const;
  const name = [type, value, ...[...(more.headers ?? []), ...(more.query ?? [])].map((part) => part.name)].join(" ");
  return { name, owner: undefined, match: { path: { type, value }, ...more }, action };
}

const header = (name: string): IrHeaderMatch => ({ name, match: { type: "present" } });
const query = (name: string): IrQueryMatch => ({ name, match: { type: "present" } });
const METHOD: IrHeaderMatch = { name: ":method", match: { type: "exact", value: "GET" } };

const IN_ORDER = [
  route("exact", "/aa/b"),
  route("exact", "/a", { headers: [METHOD] }),
  route("exact", "/a"),
  route("exact", "/b"),
  route("regex", "/a[0-9]+"),
  route("regex", "/.*"),
  route("prefix", "/aaa/bbb"),
  route("textPrefix", "/aaa/bbb"),
  route("prefix", "/aaa"),
  route("prefix", "/a", { headers: [METHOD] }),
  route("prefix", "/a", { headers: [header("x-a"), header("x-b")] }),
  route("prefix", "/a", { headers: [header("x-a")], query: [query("q")] }),
  route("prefix", "/a", { headers: [header("x-a")] }),
  route("prefix", "/a", { headers: [header("x-b")] }),
  route("prefix", "/a", { query: [query("p"), query("q")] }),
  route("prefix", "/a", { query: [query("p")] }),
  route("prefix", "/a"),
  route("textPrefix", "/a", { headers: [METHOD] }),
  route("textPrefix", "/a"),
  route("prefix", "/b"),
  route("prefix", "/"),
];

test("by path, then by what else is asked for, and the rest by name: whatever order they come in", () => {
  for (let turn = 0; turn < IN_ORDER.length; turn++) {
    const turned = [...IN_ORDER.slice(turn), ...IN_ORDER.slice(0, turn)].toReversed();
    assert.deepEqual(
      turned.sort(comparePrecedence).map(({ name }) => name),
      IN_ORDER.map(({ name }) => name),
    );
  }
});

/** Numbers that are the same at each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomRoute(below: (count: number) => number): IrRoute {
  const path = Array.from({ length: 1 + below(3) }, () => ["/a", "/ab", "/b"][below(3)] ?? "").join("");
  const headers = [header("x-a"), header("x-b"), METHOD].filter(() => below(2) === 0);
  const parameters = [query("p"), query("q")].filter(() => below(3) === 0);
  const type = (["exact", "regex", "prefix", "textPrefix"] as const)[below(4)] ?? "prefix";
  return route(type, path, { headers, query: parameters });
}

/** Whether everything that `a` takes is taken by `b`, too: told by the meaning of the matches, not by their order. */
function isWithin(a: IrMatch, b: IrMatch): boolean {
  const asked = (match: IrMatch): readonly string[] => [
    ...(match.headers ?? []).map(({ name }) => `header ${name}`),
    ...(match.query ?? []).map(({ name }) => `query ${name}`),
  ];
  return pathIsWithin(a.path, b.path) && asked(b).every((part) => asked(a).includes(part));
}

function pathIsWithin(a: IrPathMatch, b: IrPathMatch): boolean {
  const elements = a.value === b.value || a.value.startsWith(`${b.value}/`);
  switch (b.type) {
    case "exact":
    case "regex":
      // What an expression takes beside is not told by its text: an exact path goes before it, whatever else is asked for.
      return a.type === b.type && a.value === b.value;
    case "prefix":
      return elements && !(a.type === "textPrefix" && a.value === b.value);
    case "textPrefix":
      return a.value.startsWith(b.value);
  }
}

test("what is asked for more narrowly is never behind what is asked for more widely, for any set of routes", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const below = numbers(seed);
    const routes = Array.from({ length: 30 }, () => randomRoute(below)).sort(comparePrecedence);
    for (const [index, later] of routes.entries()) {
      for (const earlier of routes.slice(0, index)) {
        const hides = isWithin(later.match, earlier.match) && !isWithin(earlier.match, later.match);
        assert.equal(hides, false, `seed ${seed}: ${earlier.name} hides ${later.name}`);
      }
    }
  }
});

test("the order is one: of three, what is before the second is before the third", () => {
  const below = numbers(7);
  const routes = Array.from({ length: 40 }, () => randomRoute(below));
  for (const a of routes) {
    for (const b of routes) {
      assert.equal(Math.sign(comparePrecedence(a, b)) + Math.sign(comparePrecedence(b, a)), 0);
      for (const c of routes) {
        if (comparePrecedence(a, b) < 0 && comparePrecedence(b, c) < 0) assert.ok(comparePrecedence(a, c) < 0);
      }
    }
  }
});
