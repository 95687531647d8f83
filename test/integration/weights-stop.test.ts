import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { requiredBinary } from "./support/required-binary.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";

const DOCS = resolve(import.meta.dirname, "../../docs");
const run = promisify(execFile);

/** For each page, what its expressions are asked about: the upstream that is new, and the one that it takes the place of. */
const PAGES = [
  {
    page: "canary.md",
    fresh: 'namespace="team-shop", backend="local", service="shop-canary", port="80"',
    old: 'namespace="team-shop", backend="local", service="shop-stable", port="80"',
    expressions: 2,
  },
  {
    page: "move-a-service.md",
    fresh: 'namespace="team-shop", backend="east", service="east-shop", port="80"',
    old: 'namespace="team-shop", backend="rack", service="rack-shop", port="80"',
    expressions: 1,
  },
];

for (const { page, fresh, old, expressions } of PAGES)
  test(`what would stop it, in ${page}: every expression answers for a bad release and for no good one`, async () => {
    const text = await readFile(join(DOCS, page), "utf8");
    const found = text.match(/(?<=\n\n)(?: {4}.+\n)+/g)?.filter((block) => block.startsWith("    upstream:")) ?? [];
    assert.equal(found.length, expressions);
    const measured = (upstream: string, errors: string, seconds: string) => [
      { series: `upstream:requests:rate2m{${upstream}}`, values: "10x20" },
      { series: `upstream:request_errors:rate2m{${upstream}}`, values: errors },
      { series: `upstream:request_duration_seconds:p99_2m{${upstream}}`, values: seconds },
    ];
    const asked = (fires: boolean) =>
      found.map((expr, index) => ({
        alertname: `Stop${index}`,
        eval_time: "2m",
        exp_alerts: fires ? [{ exp_labels: labelsOf(fresh, expr) }] : [],
      }));
    const good = measured(old, "1x20", "0.1x20");
    const tests = [
      { interval: "15s", input_series: [...good, ...measured(fresh, "1x20", "0.4x20")], alert_rule_test: asked(true) },
      {
        interval: "15s",
        input_series: [...good, ...measured(fresh, "0.05x20", "0.1x20")],
        alert_rule_test: asked(false),
      },
    ];
    await using folder = await temporaryDirectory("stop");
    const rules = found.map((expr, index) => ({ alert: `Stop${index}`, expr }));
    await writeFile(join(folder.path, "rules.json"), JSON.stringify({ groups: [{ name: "stop", rules }] }));
    const trial = join(folder.path, "test.json");
    await writeFile(trial, JSON.stringify({ rule_files: ["rules.json"], evaluation_interval: "15s", tests }));
    await run(requiredBinary("BINNACLE_PROMTOOL"), ["test", "rules", trial]);
  });

/** Labels of a result: those that both sides have, without the ones that the expression ignores. */
function labelsOf(series: string, expr: string): Readonly<Record<string, string>> {
  const ignored = /ignoring\(([^)]*)\)/.exec(expr)?.[1]?.split(/, */) ?? [];
  const labels = [...series.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value] as const);
  return Object.fromEntries(labels.filter(([name]) => !ignored.includes(name)));
}
