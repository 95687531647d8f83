import type { ChangePlan, DiffRequest, DiffView, PlannedProblem } from "#api/ports/diff.ts";
import type { Config } from "#config/config.ts";
import type { Problem } from "#lib/problem.ts";
import { isDiscovered } from "#resources/discovered.ts";
import { refKey } from "#resources/ref.ts";
import { refOf, type Resource } from "#resources/resource.ts";
import { breather } from "#sources/breathe.ts";
import { Claims } from "#sources/claims.ts";
import { readManifest } from "#sources/manifest.ts";
import { MemoryArchive } from "#store/archive.ts";
import type { SourceChange } from "#store/changes.ts";
import type { ObjectState } from "#store/object-state.ts";
import { ControlPlane } from "../control-plane.ts";
import { changePlan } from "../views/change-plan.ts";
import { type PlannedState, plannedState, problemKey } from "../views/planned-state.ts";
import { translateSettings } from "./translate-settings.ts";

export interface PlanParts {
  readonly config: Config;
  /** The machine's own. */
  readonly ownAddresses: readonly string[];
  /** What stands, each time anew. */
  readonly states: () => readonly ObjectState[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * What a change would do: the objects that stand are translated in a control plane of their own, then the change on top of
 * them, so that the second costs what it touches and nothing reaches Envoy.
 */
export function planChanges(parts: PlanParts): DiffView {
  return {
    plan: async (request, scope) => {
      const sees = (namespace: string): boolean => scope === "all" || scope.has(namespace);
      const { changes, problems } = await readRequest(request, parts.config);
      const foreign = changes
        .map(refOfChange)
        .find((ref) => !sees(ref.kind === "Namespace" ? ref.name : ref.namespace));
      if (foreign !== undefined && foreign.namespace !== "") return { foreign };
      const plane = emptyPlane(parts);
      plane.store.apply(parts.states().flatMap(standing));
      plane.translateNow();
      const before = plannedState(plane);
      const named = new Set(changes.map((change) => refKey(refOfChange(change))));
      const gone = request.prune
        ? parts.states().filter(({ ref, inUse }) => isPruned(inUse?.object) && sees(ref.namespace))
        : [];
      plane.store.apply([
        ...changes.map((change) => asOld(change, before)),
        ...gone.flatMap(({ ref }): readonly SourceChange[] =>
          named.has(refKey(ref)) ? [] : [{ type: "delete", ref }],
        ),
      ]);
      plane.translateNow();
      return withProblems(changePlan(before, plannedState(plane), sees), problems);
    },
  };
}

function emptyPlane({ config, ownAddresses, now }: PlanParts): ControlPlane {
  return new ControlPlane({
    translate: translateSettings(config, ownAddresses),
    listeners: { streamIdleTimeout: config.routing.streamIdleTimeout, accessLog: undefined },
    archive: new MemoryArchive(),
    now,
  });
}

/** Duplicates and documents that nobody can read are told as problems; what is refused goes on in its last good form. */
async function readRequest(
  { files }: DiffRequest,
  { sources: { unknownFields } }: Config,
): Promise<{ readonly changes: readonly SourceChange[]; readonly problems: readonly Problem[] }> {
  const claims = new Claims(() => []);
  const pause = breather();
  for (const { name, text } of files) {
    const { entries } = await readManifest(text, name, { unknownFields }, pause);
    claims.set(name, { entries });
  }
  return { changes: claims.takeChanges(), problems: claims.allProblems() };
}

function refOfChange(change: SourceChange) {
  return change.type === "put" ? refOf(change.object) : change.ref;
}

function standing({ ref, origin, inUse, refused, warnings }: ObjectState): readonly SourceChange[] {
  return [
    ...(inUse === undefined ? [] : [{ type: "put", object: inUse.object, origin, warnings } as const]),
    ...(refused?.by === "validation" ? [{ type: "refuse", ref, origin, problems: refused.problems } as const] : []),
  ];
}

/** An object that does not say when it was made is as old as the one that stands. */
function asOld(change: SourceChange, before: PlannedState): SourceChange {
  if (change.type !== "put" || change.object.metadata.creationTimestamp !== undefined) return change;
  const creationTimestamp = before.objects.get(refKey(refOf(change.object)))?.object.metadata.creationTimestamp;
  if (creationTimestamp === undefined) return change;
  const object = { ...change.object, metadata: { ...change.object.metadata, creationTimestamp } } as Resource;
  return { ...change, object };
}

/** What discovery placed is in no file of anybody. */
function isPruned(object: Resource | undefined): boolean {
  return object === undefined || !isDiscovered(object.metadata.labels);
}

/** What is wrong with the files themselves, beside what their objects are told. */
function withProblems(plan: ChangePlan, problems: readonly Problem[]): ChangePlan {
  const told = new Set(plan.problems.appear.map(({ ref: _ref, ...problem }) => `${problem.path} ${problem.message}`));
  const more = problems
    .filter(({ path, message }) => !told.has(`${path} ${message}`))
    .map((problem): PlannedProblem => ({ ...problem, reason: "Invalid", by: "validation" }));
  const appear = [
    ...new Map([...plan.problems.appear, ...more].map((problem) => [problemKey(problem), problem])).values(),
  ];
  return { ...plan, problems: { ...plan.problems, appear } };
}
