import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { BackendAnswer, BackendDetailAnswer } from "#api/answers.ts";
import type { FoundService } from "#api/ports/backends.ts";
import { backendRows, backendStateWords, backendTone, ofWords } from "./backend-rows.ts";

const NONE = { upstream: 0, here: 0 };
const EAST: BackendAnswer = {
  name: "east",
  platform: "kubernetes",
  state: "synced",
  since: 0,
  waiting: 0,
  problems: [],
  services: NONE,
  endpoints: NONE,
  heldServices: 0,
  unplacedServices: 0,
};
const WHOLE: BackendDetailAnswer = { ...EAST, namespaces: [], held: [], unplaced: [] };

function service(name: string, problems: FoundService["problems"] = []): FoundService {
  return {
    backend: "east",
    scope: "team-shop",
    service: name,
    namespace: "team-shop",
    name: `east-${name}`,
    state: "held",
    isUpstream: true,
    upstreamEndpoints: 0,
    endpoints: 1,
    problems,
  };
}

const keys = (detail: BackendDetailAnswer) =>
  backendRows([EAST], new Map([["east", detail]]), () => true).map(({ key }) => key);

suite("the lines of the table of backends", () => {
  test("one that is closed, or of which nothing more is known yet, is one line", () => {
    assert.equal(backendRows([EAST], new Map([["east", WHOLE]]), () => false).length, 1);
    assert.equal(backendRows([EAST], new Map(), () => true).length, 1);
  });

  test("what is wrong stands before the teams, and what is held can be let go there", () => {
    const rows = backendRows(
      [EAST],
      new Map([
        [
          "east",
          {
            ...WHOLE,
            failure: { kind: "server", message: "answered 500", fix: "look there" },
            held: [service("a"), service("b")],
            namespaces: [
              { namespace: "team-shop", services: NONE, endpoints: NONE, heldServices: 2, unplacedServices: 0 },
            ],
          },
        ],
      ]),
      () => true,
    );
    assert.deepEqual(
      rows.map(({ key }) => key),
      ["east", "east failure", "east held", "east team-shop"],
    );
    const held = rows[2];
    assert.ok(held?.type === "note");
    assert.equal(held.releases, "east");
    assert.equal(held.fix, "team-shop/east-a, team-shop/east-b");
  });

  test("of many alike some are told, and where the rest is", () => {
    const problem = { severity: "error", path: "", message: "taken", fix: "rename" } as const;
    const unplaced = Array.from({ length: 25 }, (_, at) => service(`s${at}`, [problem]));
    const found = keys({ ...WHOLE, unplaced, problems: [problem] });
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
    ["never read", { state: "syncing", failure: { kind: "server", message: "" } }, "bad", "not read for 3 min"],
    ["draining", { state: "draining", goneAt: 210_000 }, "idle", "drains, gone in 30 s"],
    ["removed", { state: "removed" }, "idle", "removed"],
    ["not followed", { state: "idle" }, "idle", "not followed"],
  ] as const) {
    test(what, () => {
      const backend = { ...EAST, ...changes };
      assert.equal(backendTone(backend), tone);
      assert.equal(backendStateWords(backend, 180_000), words);
    });
  }

  test("one figure where both agree", () => {
    assert.deepEqual([ofWords({ here: 3, upstream: 3 }), ofWords({ here: 2, upstream: 3 })], ["3", "2/3"]);
  });
});
