import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertAnswer, StatusAnswer } from "#api/answers.ts";
import type { ChildState, SourceState } from "#api/ports/appliance.ts";
import { applianceChips } from "./appliance-chips.ts";

const NOW = 1_000_000;
const ENVOY = { id: "edge", connected: true, config: { state: "accepted" as const, since: NOW - 5000 } };
const CHILD: ChildState = { name: "envoy", state: "running", since: NOW - 60_000, restarts: 0, detail: "" };
const STATUS: StatusAnswer = {
  version: "1",
  time: NOW,
  startedAt: 0,
  principal: { name: "sue", role: "admin", namespaces: "all", operates: "all" },
  ready: true,
  reasons: [],
  envoys: [ENVOY],
  sources: [{ name: "directory", state: "synced", lastSync: NOW - 900, detail: "" }],
  children: [CHILD],
  objects: { total: 0, errors: 0, warnings: 0 },
  links: { prometheus: true, alertmanager: true },
};
const ALERT: AlertAnswer = {
  fingerprint: "f",
  name: "EnvoyDown",
  severity: "critical",
  team: "",
  summary: "it is down",
  description: "",
  runbook: "",
  startsAt: "",
  state: "active",
  silencedBy: [],
  labels: {},
};

function words(changes: Partial<StatusAnswer>, alerts: readonly AlertAnswer[] = [], error?: string): string[] {
  const status = { answer: { ...STATUS, ...changes }, error: undefined };
  return applianceChips(status, { answer: { alerts }, error }, NOW).map(
    ({ name, tone, words: said }) => `${name} ${said} (${tone})`,
  );
}

test("all is well", () =>
  assert.deepEqual(words({}), [
    "Envoy live (good)",
    "Config accepted 5 s ago (good)",
    "Sources 1 in sync (good)",
    "Alerts none (good)",
  ]));

test("before the first answer nothing is known", () => {
  const nothing = { answer: undefined, error: undefined };
  assert.deepEqual(
    applianceChips(nothing, nothing, NOW).map(({ words: said, tone }) => `${said} ${tone}`),
    ["… idle", "… idle", "… idle", "… idle"],
  );
});

test("a program beside Envoy that ended is told, or nobody would know that no rule is evaluated", () => {
  const ended: ChildState = { ...CHILD, name: "prometheus", state: "backoff", restarts: 1, detail: "exited with 2" };
  assert.equal(words({ children: [CHILD, ended] })[0], "Envoy live, prometheus ended (warn)");
  const [chip] = applianceChips(
    { answer: { ...STATUS, children: [CHILD, ended] }, error: undefined },
    { answer: undefined, error: undefined },
    NOW,
  );
  assert.deepEqual(
    chip?.lines.map(({ words: said }) => said),
    ["connected", "running for 1 min", "ended, 1 restart: exited with 2"],
  );
});

test("without an Envoy no configuration is known to be in effect", () =>
  assert.deepEqual(words({ envoys: [] }).slice(0, 2), ["Envoy none connected (bad)", "Config not known (idle)"]));

test("of the sources the worst state is told, and how many are in it", () => {
  const source = (name: string, state: SourceState["state"]): SourceState => ({ name, state, detail: "" });
  const sources = [source("a", "synced"), source("b", "syncing"), source("c", "stale"), source("d", "stale")];
  assert.equal(words({ sources })[2], "Sources 2 of 4 stale (warn)");
});

test("alerts by their severity; what Alertmanager said before it went silent is no comfort", () => {
  assert.equal(words({}, [ALERT, { ...ALERT, severity: "warning" }])[3], "Alerts 2 firing (bad)");
  assert.equal(words({}, [{ ...ALERT, state: "silenced" }])[3], "Alerts none (good)");
  assert.equal(words({}, [], "it does not answer")[3], "Alerts not known (warn)");
});

test("an appliance that is not ready says so first, why, and what to do about that", () => {
  const notReady = (changes: Partial<StatusAnswer>): readonly unknown[] => {
    const status = { answer: { ...STATUS, ready: false, ...changes }, error: undefined };
    const [chip] = applianceChips(status, { answer: undefined, error: undefined }, NOW);
    return [
      `${chip?.name}: ${chip?.words} (${chip?.tone})`,
      chip?.lines.map(({ name, words: said }) => `${name}: ${said}`),
      chip?.link?.href,
    ];
  };
  const home: SourceState = { name: "directory", state: "syncing", detail: "14 files below manifests" };
  const unread = "the manifests have not been read to the end yet";
  // Before the home is read no Envoy is told anything: that none is connected is not what to mend.
  assert.deepEqual(notReady({ reasons: [unread], sources: [home], envoys: [] }), [
    `Not ready: ${unread} (bad)`,
    [`Why: ${unread}`, "Next: source directory has to be read, it is syncing: 14 files below manifests"],
    undefined,
  ]);
  const sources = [{ ...home, state: "synced" as const, lastSync: NOW }];
  const ended: ChildState = { ...CHILD, state: "backoff", detail: "exited with 1; started again in 4 s" };
  assert.deepEqual(notReady({ reasons: ["no Envoy is connected"], sources, envoys: [], children: [ended] }).slice(1), [
    [
      "Why: no Envoy is connected",
      "Next: Envoy's program does not run: exited with 1; started again in 4 s. Its last words are in the log, room envoy",
    ],
    "/alerts/runbooks/EnvoyDown.md",
  ]);
  assert.equal(notReady({ sources, envoys: [] })[2], "/alerts/runbooks/XdsDisconnected.md");
  assert.equal(
    notReady({ sources, reasons: ["Envoy has yet to accept 3 resources"] })[2],
    "/alerts/runbooks/ConfigStale.md",
  );
});
