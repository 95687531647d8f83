import type { ChangePlan } from "#api/ports/diff.ts";
import { planChanges } from "../main/plan-changes.ts";
import { translateManifests } from "../main/translate-manifests.ts";
import { isEmptyPlan } from "../views/change-plan.ts";
import { type CliContext, failureText } from "./context.ts";
import { planText } from "./diff-text.ts";
import { requireSome, tellProblems, wholeManifests } from "./given-manifests.ts";
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
    const request = { files: await filesOf(paths, context), prune: flags.prune === true };
    const plan =
      flags.against === undefined
        ? await ofAppliance(request, flags, context)
        : await offline(request, flags, flags.against, context);
    context.stdout.write(flags.output === "json" ? `${JSON.stringify(plan, undefined, 2)}\n` : planText(plan));
    return isEmptyPlan(plan) ? 0 : 1;
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.stderr.write(failureText(error));
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
  const before = await wholeManifests([against], context);
  const { controlPlane, read } = await translateManifests(before, config);
  tellProblems(read.problems, context);
  const view = planChanges({ config, ownAddresses: [], states: () => controlPlane.store.states(), now: () => 0 });
  const plan = await view.plan({ ...request, prune: true }, "all");
  if ("foreign" in plan) throw new Error("who sees every namespace sees every object");
  return plan;
}

/** As the API takes them. */
async function filesOf(paths: readonly string[], context: CliContext): Promise<Request["files"]> {
  const given = await wholeManifests(paths, context);
  requireSome(given, paths);
  return given.texts.map(({ file, text }) => ({ name: file, text }));
}
