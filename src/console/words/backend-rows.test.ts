import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { BackendDetailAnswer } from "#api/answers.ts";
import { heldService, QUIET_BACKEND } from "#api/backends-for-tests.ts";
import type { AgedAnswer } from "../feed/aged-answer.ts";
import { backendRows, backendStateWords, backendTone, ofWords } from "./backend-rows.ts";

const NOW = 180_000;
const known = (answer: BackendDetailAnswer) => new Map([["east", { answer, error: undefined, asOf: NOW }]]);
const rowsOf = (answer: BackendDetailAnswer) => backendRows([QUIET_BACKEND], known(answer), () => true, NOW);

const TEAM = {
  namespace: "team-shop",
  services: { upstream: 0, here: 0 },
  endpoints: { upstream: 0, here: 0 },
  heldServices: 2,
  unplacedServices: 0,
};

suite("the lines of the table of backends", () => {
  test("one that is closed, or of which nothing more is known yet, is one line", () => {
    assert.equal(backendRows([QUIET_BACKEND], known(QUIET_BACKEND), () => false, NOW).length, 1);
    assert.equal(backendRows([QUIET_BACKEND], new Map(), () => true, NOW).length, 1);
  });

  test("what is wrong stands before the teams, and what is held can be let go there", () => {
    const rows = rowsOf({
      ...QUIET_BACKEND,
      failure: { kind: "server", message: "answered 500", fix: "look there" },
      held: [heldService("a"), heldService("b")],
      namespaces: [TEAM],
    });
    assert.deepEqual(
      rows.map(({ key }) => key),
      ["east", "east failure", "east held", "east team-shop"],
    );
    const held = rows[2];
    assert.ok(held?.type === "note");
    assert.equal(held.releases, "east");
    assert.equal(held.fix, "team-shop/east-a, team-shop/east-b");
  });

  test("what could not be asked anew says how old it is, and why; what was never answered, that it is not known", () => {
    const error = "the appliance does not answer";
    const answer = { ...QUIET_BACKEND, namespaces: [TEAM] };
    const lines = (detail: AgedAnswer<BackendDetailAnswer>) =>
      backendRows([QUIET_BACKEND], new Map([["east", detail]]), () => true, NOW).slice(1);
    assert.deepEqual(lines({ answer, error, asOf: NOW - 40_000 }), [
      { type: "note", key: "east old", tone: "bad", words: "as of 40 s ago: the appliance does not answer" },
      { type: "team", key: "east team-shop", team: TEAM, isOld: true },
    ]);
    assert.deepEqual(lines({ answer: undefined, error, asOf: undefined }), [
      { type: "note", key: "east old", tone: "bad", words: "not known: the appliance does not answer" },
    ]);
  });

  test("of many alike some are told, and where the rest is", () => {
    const problem = { severity: "error", path: "", message: "taken", fix: "rename" } as const;
    const unplaced = Array.from({ length: 25 }, (_, at) => heldService(`s${at}`, { problems: [problem] }));
    const found = rowsOf({ ...QUIET_BACKEND, unplaced, problems: [problem] }).map(({ key }) => key);
    assert.equal(found.length, 1 + 20 + 1 + 1);
    assert.equal(new Set(found).size, found.length);
    assert.equal(found.at(-2), "east away more");
  });
});

suite("a backend's state", () => {
  for (const [what, changes, tone, words] of [
    ["in step", {}, "good", "in step"],
    ["in step, and something waits for somebody", { heldServices: 1 }, "warn", "in step"],
    ["stale", { state: "stale", lastSync: 60_000 }, "bad", "stale: 2 min old"],
    ["being read for the first time", { state: "syncing" }, "idle", "being read"],
    ["never read", { state: "failed" }, "bad", "failed: not read for 3 min"],
    ["draining", { state: "draining", goneAt: 210_000 }, "idle", "drains, gone in 30 s"],
    ["removed", { state: "removed" }, "idle", "removed"],
    ["not followed", { state: "idle" }, "idle", "not followed"],
  ] as const) {
    test(what, () => {
      const backend = { ...QUIET_BACKEND, ...changes };
      assert.equal(backendTone(backend), tone);
      assert.equal(backendStateWords(backend, 180_000), words);
    });
  }

  test("one figure where both agree", () => {
    assert.deepEqual([ofWords({ here: 3, upstream: 3 }), ofWords({ here: 2, upstream: 3 })], ["3", "2/3"]);
  });
});
