import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { dump } from "js-yaml";
import { compareText } from "#lib/compare.ts";

/** File name → text. */
export type RuleFiles = Readonly<Record<string, string>>;

/** The rule files of a folder (`alerts/rules`), by name. */
export async function readRuleFiles(directory: string): Promise<RuleFiles> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".yml")).sort(compareText);
  const read = async (name: string) => [name, await readFile(join(directory, name), "utf8")] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

export interface RuleSettings {
  /** Where a browser finds this appliance: `http://127.0.0.1:8600`. */
  readonly consoleUrl: string;
  /** Share of a route's requests that must not fail, over 30 days: 0.999. */
  readonly availabilityObjective: number;
}

/**
 * The rules as Prometheus is to read them: runbooks as addresses that can be clicked in a message, and the objective that
 * the error budgets are measured by.
 */
export function renderRuleFiles(files: RuleFiles, settings: RuleSettings): RuleFiles {
  const base = settings.consoleUrl.replace(/\/$/, "");
  const rendered = Object.entries(files).map(([name, text]) => [
    name,
    text.replaceAll("runbook_url: alerts/runbooks/", `runbook_url: ${base}/alerts/runbooks/`),
  ]);
  return Object.fromEntries([...rendered, ["objectives.yml", objectives(settings.availabilityObjective)]]);
}

function objectives(availability: number): string {
  const rule = { record: "slo:availability_objective:ratio", expr: `vector(${availability})` };
  return dump({ groups: [{ name: "objectives", rules: [rule] }] });
}
