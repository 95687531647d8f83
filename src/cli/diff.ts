import { readFile, stat } from "node:fs/promises";
import type { ChangePlan } from "#api/ports/diff.ts";
import { errorMessage } from "#lib/error-message.ts";
import { scanTree } from "#sources/scan-tree.ts";
import { planChanges } from "../main/plan-changes.ts";
import { translateManifests } from "../main/translate-manifests.ts";
import { isEmptyPlan } from "../views/change-plan.ts";
import { type CliContext, CommandError } from "./context.ts";
import { planText } from "./diff-text.ts";
import { type LocationFlags, readConfig } from "./locations.ts";
import { reachApi, type ReachFlags } from "./reach-api.ts";

export interface DiffFlags extends ReachFlags, LocationFlags {
  /** Compares with these manifests, and asks no appliance. */
  readonly against?: string;
  readonly prune?: boolean;
  readonly output: "text" | "json";
}

/**
 * `binnacle diff FILES`: what a change would do to objects, routes, hosts and Envoy before it is applied. Exit codes as diff(1)
 * has them: 0 no difference, 1 differences, 2 it could not be told.
 */
export async function diff(paths: readonly string[], flags: DiffFlags, context: CliContext): Promise<number> {
  try {
    const request = { files: await readTexts(paths), prune: flags.prune === true };
    const plan =
      flags.against === undefined
        ? await ofAppliance(request, flags, context)
        : await offline(request, flags, flags.against, context);
    context.stdout.write(flags.output === "json" ? `${JSON.stringify(plan, undefined, 2)}\n` : planText(plan));
    return isEmptyPlan(plan) ? 0 : 1;
  } catch (error) {
    if (context.signal.aborted) throw error;
    const fix = error instanceof CommandError && error.fix !== undefined ? `\n  fix: ${error.fix}` : "";
    context.stderr.write(`binnacle: ${errorMessage(error)}${fix}\n`);
    return 2;
  }
}

type Request = Parameters<ReturnType<typeof planChanges>["plan"]>[0];

async function ofAppliance(request: Request, flags: DiffFlags, context: CliContext): Promise<ChangePlan> {
  const client = await reachApi(flags, context);
  return client.post<ChangePlan>("/diff", request);
}

/** The files stand for everything: what the other folder has beside them goes. */
async function offline(request: Request, flags: DiffFlags, against: string, context: CliContext): Promise<ChangePlan> {
  const { config } = await readConfig(flags, context);
  await stat(against).catch((cause: unknown) => {
    throw new CommandError(`could not read ${against}`, "name a folder or a file that is there", { cause });
  });
  const { controlPlane } = await translateManifests([against], config);
  const view = planChanges({ config, ownAddresses: [], states: () => controlPlane.store.states(), now: () => 0 });
  const plan = await view.plan({ ...request, prune: true }, "all");
  if ("foreign" in plan) throw new Error("who sees every namespace sees every object");
  return plan;
}

/** The manifests among files and folders, with what is below them, by name. */
async function readTexts(paths: readonly string[]): Promise<Request["files"]> {
  const names = new Set<string>();
  for (const path of paths) {
    const stats = await stat(path).catch((cause: unknown) => {
      throw new CommandError(`could not read ${path}`, "name files or folders that are there", { cause });
    });
    if (!stats.isDirectory()) names.add(path);
    else for (const file of (await scanTree(path)).files.keys()) names.add(file);
  }
  if (names.size === 0)
    throw new CommandError(
      `there are no manifests in ${paths.join(", ")}`,
      "name files that end in .yaml, .yml or .json",
    );
  return Promise.all([...names].sort().map(async (file) => ({ name: file, text: await readFile(file, "utf8") })));
}
