import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { dump } from "js-yaml";
import { compareText } from "#lib/compare.ts";
import { scrapeTimeout } from "./prometheus.ts";

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
  /** Of Prometheus, in milliseconds. */
  readonly scrapeInterval: number;
}

/**
 * The rules as Prometheus is to read them: runbooks as addresses that can be clicked in a message, the objective that
 * the error budgets are measured by, and the time that a target has to answer.
 */
export function renderRuleFiles(files: RuleFiles, settings: RuleSettings): RuleFiles {
  const base = settings.consoleUrl.replace(/\/$/, "");
  const rendered = Object.entries(files).map(([name, text]) => [
    name,
    text.replaceAll("runbook_url: alerts/runbooks/", `runbook_url: ${base}/alerts/runbooks/`),
  ]);
  return Object.fromEntries([...rendered, ["objectives.yml", objectives(settings)]]);
}

function objectives({ availabilityObjective, scrapeInterval }: RuleSettings): string {
  const rules = [
    { record: "slo:availability_objective:ratio", expr: `vector(${availabilityObjective})` },
    { record: "scrape:timeout_seconds", expr: `vector(${scrapeTimeout(scrapeInterval) / 1000})` },
  ];
  return dump({ groups: [{ name: "objectives", rules }] });
}
