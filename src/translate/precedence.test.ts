import assert from "node:assert/strict";
import { test } from "node:test";
import type { IrHeaderMatch } from "./ir-header-match.ts";
import type { IrMatch, IrPathMatch, IrQueryMatch, IrRoute } from "./ir-route.ts";
import { comparePrecedence } from "./precedence.ts";

function route(type: IrPathMatch["type"], value: string, more: Omit<IrMatch, "path"> = {}): IrRoute {
  const action = { type: "respond", status: 200, body: "" } as const;
  const name = [type, value, ...[...(more.headers ?? []), ...(more.query ?? [])].map(words)].join(" ");
  return { name, owner: undefined, match: { path: { type, value }, ...more }, action };
}

function words({ name, match, ...more }: IrHeaderMatch | IrQueryMatch): string {
  return match.type === "present" && Object.keys(more).length === 0 ? name : JSON.stringify([name, match, more]);
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
  route("regex", "/a/.*"),
  route("regex", "/./.*"),
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

/** Of one header, each before what it is part of, and before what may take the same requests. */
const CONDITIONS: readonly IrHeaderMatch[] = [
  { name: "x", match: { type: "exact", value: "ab" } },
  { name: "x", match: { type: "exact", value: "AB", ignoreCase: true } },
  { name: "x", match: { type: "regex", value: "a.*" } },
  { name: "x", match: { type: "contains", value: "ab" } },
  { name: "x", match: { type: "contains", value: "a" } },
  { name: "x", match: { type: "contains", value: "A", ignoreCase: true } },
  { name: "x", match: { type: "contains", value: "b" }, not: true },
  { name: "x", match: { type: "contains", value: "bb" }, not: true },
  { name: "x", match: { type: "exact", value: "b" }, not: true },
  { name: "x", match: { type: "present" } },
  { name: "x", match: { type: "present" }, not: true },
  { name: "x", match: { type: "contains", value: "b" }, not: true, missingAsEmpty: true },
  { name: "x", match: { type: "exact", value: "b" }, not: true, missingAsEmpty: true },
];

test("of as many conditions the narrower goes first, and not the one whose name comes first", () => {
  const named = (match: IrMatch): IrRoute => ({
    ...route("prefix", "/a", match),
    name: JSON.stringify(match).slice(2),
  });
  const ofHeader = CONDITIONS.map((condition) =>
    named({ path: { type: "prefix", value: "/a" }, headers: [condition] }),
  );
  assert.deepEqual(ofHeader.toReversed().sort(comparePrecedence), ofHeader);
  const ofQuery = (["exact", "regex", "prefix", "suffix", "contains"] as const).map((type) =>
    named({ path: { type: "prefix", value: "/a" }, query: [{ name: "q", match: { type, value: "a" } }] }),
  );
  assert.deepEqual(ofQuery.toReversed().sort(comparePrecedence), ofQuery);
  const headers = [header("x-a"), ...CONDITIONS.slice(0, 1)];
  const wider = [...CONDITIONS.slice(9, 10), header("x-a")];
  assert.ok(comparePrecedence(route("prefix", "/a", { headers }), route("prefix", "/a", { headers: wider })) < 0);
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
  const condition = CONDITIONS[below(2 * CONDITIONS.length)];
  if (condition !== undefined) headers.push(condition);
  const parameters = [query("p"), query("q")].filter(() => below(3) === 0);
  const type = (["exact", "regex", "prefix", "textPrefix"] as const)[below(4)] ?? "prefix";
  return route(type, path, { headers, query: parameters });
}

/** Whether everything that `a` takes is taken by `b`, too: told by the meaning of the matches, not by their order. */
function isWithin(a: IrMatch, b: IrMatch): boolean {
  const headers = (b.headers ?? []).every((wide) => (a.headers ?? []).some((narrow) => headerIsWithin(narrow, wide)));
  const query = (b.query ?? []).every(({ name }) => (a.query ?? []).some((parameter) => parameter.name === name));
  return pathIsWithin(a.path, b.path) && headers && query;
}

const VALUES = [undefined, "", "a", "A", "ca", "CA", "ab", "AB", "aab", "cab", "CAB", "b", "bb", "abb", "c", "GET"];

function headerIsWithin(narrow: IrHeaderMatch, wide: IrHeaderMatch): boolean {
  return narrow.name === wide.name && VALUES.every((value) => !fulfils(value, narrow) || fulfils(value, wide));
}

/** As Envoy has it (HeaderMatcher.treat_missing_header_as_empty). */
function fulfils(given: string | undefined, { match, not, missingAsEmpty }: IrHeaderMatch): boolean {
  if (match.type === "present") return (given !== undefined) !== (not === true);
  const value = given ?? (missingAsEmpty === true ? "" : undefined);
  if (value === undefined) return false;
  const flags = match.type !== "regex" && match.ignoreCase === true ? "i" : "";
  const text = match.type === "exact" || match.type === "regex" ? `^${match.value}$` : match.value;
  return new RegExp(text, flags).test(value) !== (not === true);
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
