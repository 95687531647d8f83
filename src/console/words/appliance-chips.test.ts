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
  sources: [{ name: "directory", state: "synced", detail: "" }],
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
