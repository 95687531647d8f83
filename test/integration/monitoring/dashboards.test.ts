import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { dump } from "js-yaml";
import { compileDashboards } from "#monitoring/dashboards.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { temporaryDirectory } from "../support/temp-dir.ts";
import { compiledDashboards, type DashboardPanel, filledIn } from "./dashboard-files.ts";
import { ROOT } from "./stack.ts";

const run = promisify(execFile);

/** Grafana's own types, with everything optional that it fills in, and the options of the panels that we use. */
const TYPES = `
import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

type Loose<T> = T extends string ? \`\${T}\` : T extends (infer U)[] ? Loose<U>[] : T extends object ? { [K in keyof T]?: Loose<T[K]> } : T;
type PanelOf<Type extends string, Options, Custom> = Omit<Loose<Panel>, "type" | "targets" | "options" | "fieldConfig"> & {
  type: Type;
  targets: Loose<Omit<Dataquery, "_implementsDataqueryVariant">>[];
  options: Loose<Options>;
  fieldConfig: { defaults: Omit<Loose<NonNullable<Panel["fieldConfig"]>["defaults"]>, "custom"> & { custom?: Loose<Custom> } };
};
export type Checked = Omit<Loose<Dashboard>, "panels"> & {
  panels: (
    | (Loose<Omit<RowPanel, "type">> & { type: "row" })
    | PanelOf<"timeseries", timeseries.Options, timeseries.FieldConfig>
    | PanelOf<"stat", stat.Options, never>
  )[];
};
`;

test("dashboards are what Grafana's own types say", async () => {
  await using directory = await temporaryDirectory("dashboards");
  const dashboards = await compiledDashboards(join(directory.path, "out"));
  await symlink(join(ROOT, "node_modules"), join(directory.path, "node_modules"));
  await writeFile(join(directory.path, "package.json"), '{ "type": "module" }');
  await writeFile(join(directory.path, "types.ts"), TYPES);
  const values = dashboards.map(({ text }, index) => `export const d${index}: Checked = ${text};\n`);
  await writeFile(join(directory.path, "check.ts"), `import type { Checked } from "./types.ts";\n${values.join("")}`);
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions"];
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const args = [...flags, "--module", "nodenext", "--target", "esnext", "--types", "", "check.ts"];
  await run(tsc, args, { cwd: directory.path }).catch((error: unknown) => {
    assert.fail(error instanceof Error && "stdout" in error ? String(error.stdout) : String(error));
  });
});

test("ids are unique, panels do not overlap, targets are complete, units are set", async () => {
  await using directory = await temporaryDirectory("dashboards");
  const dashboards = await compiledDashboards(directory.path);
  assert.deepEqual(
    dashboards.map(({ dashboard }) => dashboard.uid),
    ["binnacle-appliance", "binnacle-discovery", "binnacle-traffic", "binnacle-upstreams"],
  );
  for (const { name, dashboard } of dashboards) {
    const { panels, templating } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, `${name}: ids`);
    const titles = panels.map(({ title, type }) => `${type} ${title}`);
    assert.equal(new Set(titles).size, titles.length, `${name}: two panels have one title`);
    const variables = new Set(templating.list.map((variable) => variable.name));
    for (const [index, panel] of panels.entries()) {
      const where = `${name}: ${panel.title}`;
      const { x, y, w, h } = panel.gridPos;
      assert.ok(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, `${where}: place`);
      for (const other of panels.slice(index + 1))
        assert.ok(!overlap(panel, other), `${where} and ${other.title} overlap`);
      if (panel.type === "row") continue;
      assert.ok(panel.fieldConfig?.defaults.unit, `${where}: unit`);
      const { targets = [] } = panel;
      assert.ok(targets.length > 0, `${where}: no target`);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, `${where}: refId`);
      for (const { expr, datasource } of targets) {
        assert.equal(datasource.uid, "$datasource", where);
        for (const [, used = ""] of expr.matchAll(/\$([a-z]+)\b/g))
          assert.ok(variables.has(used), `${where}: $${used}`);
        assert.doesNotMatch(expr, /histogram_quantile|_bucket\b/, `${where}: latency is the recording rules' alone`);
      }
    }
  }
});

function overlap({ gridPos: a }: DashboardPanel, { gridPos: b }: DashboardPanel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

test("promtool accepts every expression", async () => {
  await using directory = await temporaryDirectory("dashboards");
  const dashboards = await compiledDashboards(join(directory.path, "out"));
  const targets = dashboards.flatMap(({ dashboard }) => dashboard.panels.flatMap(({ targets = [] }) => targets));
  assert.ok(targets.length > 50);
  const rules = targets.map(({ expr }, index) => ({ record: `panel:target${index}`, expr: filledIn(expr) }));
  const file = join(directory.path, "rules.yml");
  await writeFile(file, dump({ groups: [{ name: "panels", rules }] }));
  await run(requiredBinary("BINNACLE_PROMTOOL"), ["check", "rules", file]);
});

test("a mistake in a dashboard is told with file and line", async () => {
  await using directory = await temporaryDirectory("dashboards");
  await mkdir(join(directory.path, "lib"));
  await writeFile(join(directory.path, "broken.jsonnet"), "{\n  title: missing,\n}\n");
  const jsonnet = requiredBinary("BINNACLE_JSONNET");
  await assert.rejects(
    compileDashboards({ jsonnet, sources: directory.path, output: join(directory.path, "out") }),
    /broken\.jsonnet could not be compiled: .*broken\.jsonnet:2:/s,
  );
});
