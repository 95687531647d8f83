import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { load } from "js-yaml";
import { z } from "zod";
import { requiredBinary } from "./support/required-binary.ts";

const run = promisify(execFile);
const ALERTS = join(import.meta.dirname, "..", "..", "alerts");

const ruleSchema = z.strictObject({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});
const ruleFileSchema = z.strictObject({
  groups: z.array(
    z.strictObject({ name: z.string(), interval: z.string().optional(), rules: z.array(ruleSchema).min(1) }),
  ),
});
const testFileSchema = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
    }),
  ),
});

/** The sections that every runbook has, so that at night each thing is found where it always is. */
const SECTIONS = ["What it means", "What users see", "First look", "Usual causes", "Fix", "Silence"];

const files = (folder: string) => readdirSync(join(ALERTS, folder)).sort();
const read = (...path: string[]) => readFileSync(join(ALERTS, ...path), "utf8");
const groups = files("rules").flatMap((name) => ruleFileSchema.parse(load(read("rules", name))).groups);
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);

test("promtool accepts every rule", async () => {
  const paths = files("rules").map((name) => join(ALERTS, "rules", name));
  await run(requiredBinary("BINNACLE_PROMTOOL"), ["check", "rules", ...paths]);
});

for (const name of files("tests")) {
  test(`promtool: the alerts of ${name} fire and are silent as its tests say`, async () => {
    await run(requiredBinary("BINNACLE_PROMTOOL"), ["test", "rules", join(ALERTS, "tests", name)]);
  });
}

test("each alert has a test in which it fires and one in which it does not", () => {
  const tested = files("tests").flatMap((name) => testFileSchema.parse(load(read("tests", name))).tests);
  const cases = tested.flatMap((group) => group.alert_rule_test);
  for (const { alert } of alerts) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length > 0),
      `${alert} has no test in which it fires`,
    );
    // The dead man's switch fires always.
    if (alert === "Watchdog") continue;
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts.length === 0),
      `${alert} has no test in which it is silent`,
    );
  }
});

test("each alert says how bad it is, whose it is, what is broken and what to do first", () => {
  assert.ok(alerts.length >= 25);
  for (const { alert, labels, annotations, expr } of alerts) {
    const { summary = "", description = "", runbook_url } = annotations;
    assert.ok(["critical", "warning", "none"].includes(labels["severity"] ?? ""), `${alert}: severity`);
    const knowsNamespace = /\$labels\.namespace/.test(summary);
    assert.equal(labels["team"], knowsNamespace ? "{{ $labels.namespace }}" : undefined, `${alert}: team`);
    assert.ok(summary.length > 10 && !summary.endsWith("."), `${alert}: summary`);
    if (alert !== "Watchdog") assert.match(description, /First\s+step:/, `${alert}: description`);
    assert.equal(runbook_url, `alerts/runbooks/${alert}.md`);
    // Latency histograms are the recording rules' alone: their form may change.
    assert.doesNotMatch(expr, /histogram_quantile|_bucket\b|_rq_time|_duration_bucket/, `${alert}: expression`);
  }
});

test("names are unique, of alerts, groups and recorded series", () => {
  for (const names of [
    alerts.map(({ alert }) => alert),
    groups.map(({ name }) => name),
    rules.flatMap(({ record }) => record ?? []),
  ])
    assert.equal(new Set(names).size, names.length);
});

test("each alert has a runbook with every section, and no runbook is left over", () => {
  assert.deepEqual(files("runbooks"), [...alerts.map(({ alert }) => `${alert}.md`), "README.md"].sort());
  for (const { alert } of alerts) {
    const page = read("runbooks", `${alert}.md`);
    assert.ok(page.startsWith(`# ${alert}\n`), `${alert}: title`);
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    assert.deepEqual(sections, SECTIONS, `${alert}: sections`);
    assert.ok(page.includes(`alertname="${alert}"`) || page.includes("do not silence"), `${alert}: how to silence`);
  }
});
