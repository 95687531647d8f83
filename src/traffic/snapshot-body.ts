import { capped, SUBSCRIPTION_LIMITS } from "./client-message.ts";
import type { CompiledFilter, NamespaceScope } from "./filter.ts";
import type { InSteps } from "./in-turns.ts";
import type { FrameHeader, SnapshotMessage, SnapshotQuestion, TrafficFilter } from "./messages.ts";
import type { SessionSources } from "./session-sources.ts";
import type { SharedView } from "./view-set.ts";

/** Everything of a snapshot but its header, as it is in the last step. */
export function* snapshotBody(
  question: SnapshotQuestion,
  scope: NamespaceScope,
  filter: CompiledFilter,
  view: SharedView,
  sources: Pick<SessionSources, "picture">,
): InSteps<Omit<SnapshotMessage, "type" | keyof FrameHeader>> {
  yield* view.fill();
  yield "turn";
  const picture = yield* sources.picture(filter, {
    scope,
    recentRows: capped(question.recentRows, SUBSCRIPTION_LIMITS.recentRows),
    columns: capped(question.columns, SUBSCRIPTION_LIMITS.columns),
  });
  const tables = yield* view.view.tables();
  yield "turn";
  return { filter: scopedFilter(question.filter ?? {}, scope), ...tables(), ...picture() };
}

/** The filter as it is understood: a team's session has its namespaces in it. */
function scopedFilter(filter: TrafficFilter, scope: NamespaceScope): TrafficFilter {
  if (scope === "all") return filter;
  const { namespaces = [] } = filter;
  const own = namespaces.filter((namespace) => scope.has(namespace));
  return { ...filter, namespaces: namespaces.length > 0 ? own : [...scope].sort() };
}
