import type { ObjectsAnswer, StatusAnswer } from "#api/answers.ts";
import { formatRef } from "#resources/ref.ts";
import type { CliContext } from "./context.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";
import { formatAge, formatTable } from "./table.ts";

export interface StatusFlags extends ReachFlags {
  readonly output: "text" | "json";
}

/** `binnacle status`: how the appliance is and all that is wrong. Exit code 0: ready and nothing is wrong; 1 otherwise. */
export async function status(flags: StatusFlags, context: CliContext): Promise<number> {
  const client = await reachApi(flags, context);
  const [appliance, { objects }] = await Promise.all([
    client.get<StatusAnswer>("/status"),
    client.get<ObjectsAnswer>("/objects?problems=true"),
  ]);
  const healthy = appliance.ready && appliance.objects.errors === 0;
  if (flags.output === "json") {
    context.stdout.write(`${JSON.stringify({ ...appliance, problems: objects }, undefined, 2)}\n`);
    return healthy ? 0 : 1;
  }
  context.stdout.write(formatStatus(appliance));
  for (const { ref, problems, inUse } of objects) {
    const effect =
      inUse === "lastGood" ? " (its last good form is in effect)" : inUse === "none" ? " (not in effect)" : "";
    context.stdout.write(`\n${formatRef(ref)}${effect}\n`);
    for (const { severity, reason, path, message, fix, origin } of problems) {
      const at = origin === undefined ? "" : `  ${origin.file}${origin.line === undefined ? "" : `:${origin.line}`}\n`;
      context.stdout.write(
        `  ${severity} ${reason}${path === "" ? "" : ` at ${path}`}\n  ${message}\n${fix === undefined ? "" : `  fix: ${fix}\n`}${at}`,
      );
    }
  }
  return healthy ? 0 : 1;
}

function originWords(address: string | undefined, names: readonly string[] = []): string {
  if (address === undefined) return "";
  return `, from ${address}${names.length === 0 ? "" : ` as ${names.join(", ")}`}`;
}

function formatStatus({
  version,
  ready,
  reasons,
  envoys,
  sources,
  children,
  objects,
  time,
  startedAt,
}: StatusAnswer): string {
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
    rows.push([name, state, `${detail}${restarts === 0 ? "" : `${detail === "" ? "" : ", "}${restarts} restarts`}`]);
  }
  const words = ready ? "ready" : `not ready: ${reasons.join("; ")}`;
  const counts = `${objects.total} objects, ${objects.errors} with errors, ${objects.warnings} with warnings`;
  return `binnacle ${version}, up ${formatAge(time - startedAt)}, ${words}\n${counts}\n\n${formatTable(["PART", "STATE", "DETAIL"], rows)}`;
}
