import type { AlertAnswer, AlertsAnswer, ObjectsAnswer, StatusAnswer } from "#api/answers.ts";
import { counted } from "#lib/counted.ts";
import type { Problem } from "#lib/problem.ts";
import { formatRef } from "#resources/ref.ts";
import type { ApiClient } from "./api-client.ts";
import { type CliContext, CommandError } from "./context.ts";
import { type Paint, paintFor } from "./ink.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";
import { formatAge, formatTable } from "./table.ts";

/** States of parts that somebody has to look at. */
const BAD: ReadonlySet<string> = new Set(["backoff", "disconnected", "failed", "stale", "stopped"]);

export interface StatusFlags extends ReachFlags {
  readonly output: "text" | "json";
}

/**
 * `binnacle status`: how the appliance is and all that is wrong. Exit code 0: ready, and neither an object nor a manifest has an
 * error; 1 otherwise.
 * What fires counts neither way: it may be an upstream's fault.
 */
export async function status(flags: StatusFlags, context: CliContext): Promise<number> {
  const client = await reachApi(flags, context);
  const [appliance, { objects }] = await Promise.all([
    client.get<StatusAnswer>("/status"),
    client.get<ObjectsAnswer>("/objects?problems=true"),
  ]);
  const alerts = await firing(client, appliance.links.alertmanager);
  const unusable = appliance.sources.filter(({ problems = [] }) => problems.length > 0);
  const isWrong = unusable.some(({ problems = [] }) => problems.some(({ severity }) => severity === "error"));
  const healthy = appliance.ready && appliance.objects.errors === 0 && !isWrong;
  if (flags.output === "json") {
    context.stdout.write(`${JSON.stringify({ ...appliance, alerts, problems: objects }, undefined, 2)}\n`);
    return healthy ? 0 : 1;
  }
  const paint = paintFor(context.stdout);
  context.stdout.write(formatStatus(appliance, alerts?.length, paint));
  for (const alert of alerts ?? []) context.stdout.write(formatAlert(alert, appliance.time, paint));
  for (const { name, problems = [] } of unusable) {
    context.stdout.write(`\n${paint("strong", `Source ${name}`)} (these parts of it cannot be used)\n`);
    for (const problem of problems) context.stdout.write(formatProblemLines(problem, problem.severity, paint));
  }
  for (const { ref, problems, inUse } of objects) {
    const effect =
      inUse === "lastGood" ? " (its last good form is in effect)" : inUse === "none" ? " (not in effect)" : "";
    context.stdout.write(`\n${paint("strong", formatRef(ref))}${effect}\n`);
    for (const problem of problems)
      context.stdout.write(formatProblemLines(problem, `${problem.severity} ${problem.reason}`, paint));
  }
  return healthy ? 0 : 1;
}

function formatProblemLines({ severity, path, message, fix, origin }: Problem, title: string, paint: Paint): string {
  const at = origin === undefined ? [] : [`${origin.file}${origin.line === undefined ? "" : `:${origin.line}`}`];
  return [
    `${paint(severity === "error" ? "bad" : "poor", title)}${path === "" ? "" : ` at ${path}`}`,
    message,
    ...(fix === undefined ? [] : [`fix: ${fix}`]),
    ...at,
  ]
    .map((line) => `  ${line}\n`)
    .join("");
}

/** Undefined where alerts are not known: Alertmanager is off, or does not answer. */
async function firing(client: ApiClient, known: boolean): Promise<readonly AlertAnswer[] | undefined> {
  if (!known) return undefined;
  const answer = await client.get<AlertsAnswer>("/alerts").catch((error: unknown) => {
    if (error instanceof CommandError) return undefined;
    throw error;
  });
  return answer?.alerts;
}

function formatAlert(alert: AlertAnswer, now: number, paint: Paint): string {
  const { severity, name, summary, description, runbook, startsAt, state } = alert;
  const age = formatAge(now - Date.parse(startsAt));
  const ink = state !== "active" ? "faint" : severity === "critical" || severity === "page" ? "bad" : "poor";
  const effect = state === "active" ? "" : ` (${state})`;
  return [
    `\n${paint("strong", `Alert ${name}`)}, for ${age}${effect}`,
    `  ${paint(ink, severity)} ${summary}`,
    ...[description, runbook].filter((line) => line !== "").map((line) => `  ${line}`),
    "",
  ].join("\n");
}

function originWords(address: string | undefined, names: readonly string[] = []): string {
  if (address === undefined) return "";
  return `, from ${address}${names.length === 0 ? "" : ` as ${names.join(", ")}`}`;
}

function formatStatus(
  { version, ready, reasons, envoys, sources, children, objects, time, startedAt }: StatusAnswer,
  firingAlerts: number | undefined,
  paint: Paint,
): string {
  const rows: string[][] = [];
  for (const { id, connected, address, names, config, version: envoyVersion } of envoys) {
    const detail = config.state === "rejected" ? `rejected: ${config.message}` : `configuration ${config.state}`;
    rows.push([
      `envoy ${id}`,
      connected ? "connected" : "disconnected",
      `${detail}${envoyVersion === undefined ? "" : `, version ${envoyVersion}`}${originWords(address, names)}`,
    ]);
  }
  for (const { name, state, detail } of sources) rows.push([`source ${name}`, state, detail]);
  for (const { name, state, detail, restarts } of children) {
    rows.push([
      name,
      state,
      `${detail}${restarts === 0 ? "" : `${detail === "" ? "" : ", "}restarted ${restarts === 1 ? "once" : `${restarts} times`}`}`,
    ]);
  }
  const words = ready ? "ready" : paint("bad", `not ready: ${reasons.join("; ")}`);
  const alerts = firingAlerts === undefined ? "alerts are not known" : `${counted(firingAlerts, "alert")} firing`;
  const counts = `${counted(objects.total, "object")}, ${objects.errors} with errors, ${objects.warnings} with warnings; ${alerts}`;
  return `binnacle ${version}, up ${formatAge(time - startedAt)}, ${words}\n${counts}\n\n${formatTable(
    ["PART", "STATE", "DETAIL"],
    rows,
    (text, row, column) => {
      if (row === undefined) return paint("faint", text);
      return column === 1 && BAD.has(text) ? paint("bad", text) : text;
    },
  )}`;
}
