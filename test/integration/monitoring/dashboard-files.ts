import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { compileDashboards } from "#monitoring/dashboards.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { ROOT } from "./stack.ts";

const targetSchema = z.object({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string().optional(),
  datasource: z.object({ type: z.literal("prometheus"), uid: z.string() }),
});
const panelSchema = z.object({
  id: z.int(),
  type: z.string(),
  title: z.string(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(targetSchema).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().optional() }) }).optional(),
});
const variableSchema = z.object({ name: z.string(), type: z.string(), query: z.string() });
const dashboardSchema = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(panelSchema),
  templating: z.object({ list: z.array(variableSchema) }),
});
export type Dashboard = z.infer<typeof dashboardSchema>;
export type DashboardPanel = z.infer<typeof panelSchema>;

export interface CompiledDashboard {
  readonly name: string;
  readonly text: string;
  readonly dashboard: Dashboard;
}

/** Our dashboards as Grafana gets them. */
export async function compiledDashboards(output: string): Promise<readonly CompiledDashboard[]> {
  const jsonnet = requiredBinary("BINNACLE_JSONNET");
  const files = await compileDashboards({ jsonnet, sources: join(ROOT, "dashboards"), output });
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8");
      return { name: basename(file), text, dashboard: dashboardSchema.parse(JSON.parse(text)) };
    }),
  );
}

/** An expression as Grafana sends it: with its variables filled in. */
export function filledIn(expression: string): string {
  return expression.replaceAll("$__rate_interval", "1m").replaceAll(/\$(backend|namespace|service|host)\b/g, ".*");
}
