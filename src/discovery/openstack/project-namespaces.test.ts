import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { CloudProject } from "./client/cloud.ts";
import { type NamespaceRules, needDomains, projectNamespaces } from "./project-namespaces.ts";

const RULES: NamespaceRules = { allow: [], deny: [], map: {} };
const DEFAULT = { id: "default", name: "Default" };
const OTHER = { id: "d2", name: "Other" };
const shop: CloudProject = { id: "p2", name: "team-shop", domain: DEFAULT };
const copy: CloudProject = { id: "p1", name: "team-shop", domain: OTHER };
const alike: CloudProject = { id: "p3", name: "Team Shop", domain: DEFAULT };

/** `id namespace` of who is followed, and what is wrong. */
function chosen(
  projects: readonly CloudProject[],
  rules: Partial<NamespaceRules> = {},
  holders: Readonly<Record<string, readonly string[]>> = {},
): { readonly followed: readonly string[]; readonly messages: readonly string[] } {
  const before = new Map(Object.entries(holders).map(([namespace, ids]) => [namespace, new Set(ids)]));
  const { followed, problems } = projectNamespaces(projects, { ...RULES, ...rules }, before);
  return {
    followed: followed.map(({ project, namespace }) => `${project.id} ${namespace}`),
    messages: problems.map(({ message }) => message),
  };
}

suite("the namespace of a project", () => {
  test("is its name as a namespace, unless the map has another; deny and allow choose", () => {
    const blog: CloudProject = { id: "p9", name: "Blog (prod)" };
    assert.deepEqual(chosen([blog, shop]), { followed: ["p2 team-shop", "p9 blog-prod"], messages: [] });
    assert.deepEqual(chosen([blog, shop], { map: { "blog-prod": "team-blog" } }).followed, [
      "p2 team-shop",
      "p9 team-blog",
    ]);
    assert.deepEqual(chosen([blog, shop], { deny: ["blog-prod"] }).followed, ["p2 team-shop"]);
    assert.deepEqual(chosen([blog, shop], { allow: ["p9"] }).followed, ["p9 blog-prod"]);
    assert.deepEqual(chosen([blog, shop], { allow: ["Default/team-shop"] }).followed, ["p2 team-shop"]);
  });

  test("of two of one name is that of the one that had it before, whatever their ids", () => {
    const { followed, messages } = chosen([copy, shop], {}, { "team-shop": ["p2"] });
    assert.deepEqual(followed, ["p2 team-shop"]);
    assert.deepEqual(messages, [
      "project team-shop of domain Other (p1) would have namespace team-shop, which is project team-shop of domain Default (p2)'s: nothing of the former is taken over",
    ]);
  });

  test("is nobody's where none of them had it before", () => {
    const { followed, messages } = chosen([shop, copy, alike]);
    assert.deepEqual(followed, []);
    assert.equal(messages.length, 1);
    for (const id of ["(p1)", "(p2)", "(p3)"]) assert.ok(messages.join().includes(id), messages.join());
  });

  test("collides for names that become alike, too", () => {
    const { followed, messages } = chosen([shop, alike], {}, { "team-shop": ["p3"] });
    assert.deepEqual(followed, ["p3 team-shop"]);
    assert.match(messages[0] ?? "", /^project team-shop of domain Default \(p2\) would have/);
  });

  for (const [what, map] of [
    ["id", new Map([["p1", "team-other"]])],
    ["its domain's name", new Map([["Other/team-shop", "team-other"]])],
    ["its domain's id", new Map([["d2/team-shop", "team-other"]])],
  ] as const)
    test(`is another one by ${what}, and the name is the other project's`, () => {
      assert.deepEqual(chosen([shop, copy], { map: Object.fromEntries(map) }), {
        followed: ["p1 team-other", "p2 team-shop"],
        messages: [],
      });
    });

  test("is several projects' where the map says so of each", () => {
    const map = { p1: "team-shop", p2: "team-shop", old: "team-shop" };
    const old: CloudProject = { id: "p5", name: "old" };
    assert.deepEqual(chosen([shop, copy, old], { map }), {
      followed: ["p1 team-shop", "p2 team-shop", "p5 team-shop"],
      messages: [],
    });
    assert.deepEqual(chosen([copy, shop], { deny: ["p1"] }), { followed: ["p2 team-shop"], messages: [] });
  });

  test("that the map gives to a project is not had by taking its name", () => {
    const production: CloudProject = { id: "p7", name: "shop-production" };
    const map = { "shop-production": "team-shop" };
    const { followed, messages } = chosen([production, copy], { map });
    assert.deepEqual(followed, ["p7 team-shop"]);
    assert.match(messages[0] ?? "", /Other \(p1\) .*, which is project shop-production \(p7\)'s/);
    assert.deepEqual(chosen([production, shop], { map }, { "team-shop": ["p7", "p2"] }).followed, [
      "p2 team-shop",
      "p7 team-shop",
    ]);
    assert.deepEqual(chosen([production, shop], { map: { ...map, "team-shop": "team-shop" } }).messages, []);
  });

  test("cannot be made of every name, and is told", () => {
    assert.match(chosen([{ id: "p1", name: "店" }]).messages[0] ?? "", /^project 店 \(p1\) has a name of which no/);
    assert.deepEqual(chosen([{ id: "p1", name: "constructor" }]).followed, ["p1 constructor"]);
    assert.deepEqual(chosen([{ id: "p1", name: "店" }], { map: { p1: "team-shop" } }).followed, ["p1 team-shop"]);
  });

  test("needs domains of those that are alike or written with one, and of no others", () => {
    const needed = (rules: Partial<NamespaceRules>, ...projects: readonly CloudProject[]) =>
      [...needDomains(projects, { ...RULES, ...rules })].map(({ id }) => id);
    const blog: CloudProject = { id: "p9", name: "blog" };
    assert.deepEqual(needed({}, shop, blog), []);
    assert.deepEqual(needed({}, shop, alike, blog), ["p2", "p3"]);
    assert.deepEqual(needed({ deny: ["Other/blog"] }, shop, blog), ["p9"]);
  });
});
