import assert from "node:assert/strict";
import { test } from "node:test";
import { KubeFailure } from "./kube-status.ts";
import { ListPages } from "./list-pages.ts";
import type { ServedObject } from "./served-object.ts";
import { watchEvent } from "./watch-event.ts";

function served(name: string, version = 1): ServedObject {
  const ref = { kind: "Service", namespace: "team", name } as const;
  return { ref, object: undefined, version, inUse: "none", problems: [], origin: "", addresses: [] };
}

const ABCDE = ["a", "b", "c", "d", "e"].map((name) => served(name));
const LIST = { objects: ABCDE, version: 7, owner: "alice" };
const isExpired = (error: unknown): boolean => error instanceof KubeFailure && error.status.code === 410;

test("pages together are the list as it was when it began", () => {
  const pages = new ListPages();
  const names: string[] = [];
  let page = pages.begin("services", { ...LIST, limit: 2 });
  const remaining: (number | undefined)[] = [];
  for (;;) {
    names.push(...page.objects.map(({ ref }) => ref.name));
    assert.equal(page.version, 7);
    remaining.push(page.next?.remaining);
    if (page.next === undefined) break;
    page = pages.next("services", page.next.continueToken, 2);
  }
  assert.deepEqual(names, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(remaining, [3, 1, undefined]);
});

test("a short list, or one without a limit, is one page", () => {
  const pages = new ListPages();
  for (const limit of [undefined, 5, 6]) assert.equal(pages.begin("services", { ...LIST, limit }).next, undefined);
});

test("a token is good for the question that it was given for, and for no other", () => {
  const pages = new ListPages();
  const token = pages.begin("services of alice", { ...LIST, limit: 2 }).next?.continueToken ?? "";
  assert.throws(() => pages.next("services of bob", token, 2), isExpired);
  for (const bad of ["", "x", "2.", `9.${"0".repeat(32)}`]) {
    assert.throws(() => pages.next("services of alice", bad, 2), isExpired);
  }
});

test("of too many lists of one user that user's oldest is forgotten, and says so; others go on", () => {
  const pages = new ListPages();
  const begin = (question: string, owner: string) =>
    pages.begin(question, { ...LIST, owner, limit: 2 }).next?.continueToken ?? "";
  const other = begin("other", "bob");
  const tokens = Array.from({ length: 200 }, (_, list) => begin(String(list), "alice"));
  assert.throws(() => pages.next("0", tokens[0] ?? "", 2), isExpired);
  assert.equal(pages.next("199", tokens[199] ?? "", 2).objects.length, 2);
  assert.equal(pages.next("other", other, 2).objects.length, 2);
});

test("of too many lists of many users the oldest is forgotten", () => {
  const pages = new ListPages();
  const [first = ""] = Array.from(
    { length: 129 },
    (_, user) => pages.begin(`of ${user}`, { ...LIST, owner: String(user), limit: 2 }).next?.continueToken ?? "",
  );
  assert.throws(() => pages.next("of 0", first, 2), isExpired);
});

for (const [before, after, expected] of [
  [undefined, "x", "ADDED x"],
  ["x", "x", "MODIFIED x"],
  ["x", undefined, "DELETED x"],
  ["x", "hidden", "DELETED x"],
  ["hidden", "x", "ADDED x"],
  ["hidden", "hidden", undefined],
  [undefined, "hidden", undefined],
  ["hidden", undefined, undefined],
] as const) {
  test(`a change from ${before ?? "nothing"} to ${after ?? "nothing"} is ${expected ?? "no event"}`, () => {
    const of = (name: string | undefined) => (name === undefined ? undefined : served(name));
    const change = { version: 9, before: of(before), after: of(after) };
    const event = watchEvent(change, ({ ref }) => ref.name !== "hidden");
    const told = event === undefined || !("object" in event) ? undefined : `${event.type} ${event.object.ref.name}`;
    assert.equal(told, expected);
    if (event?.type === "DELETED") assert.equal(event.object.version, 9);
  });
}
