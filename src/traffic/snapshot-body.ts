import { capped, SUBSCRIPTION_LIMITS } from "./client-message.ts";
import type { CompiledFilter, NamespaceScope } from "./filter.ts";
import type { FrameHeader, SnapshotMessage, SubscribeMessage, TrafficFilter } from "./messages.ts";
import type { SessionSources } from "./session.ts";
import type { SharedView } from "./view-set.ts";

/** Everything of a snapshot but its header. */
export function snapshotBody(
  message: Omit<SubscribeMessage, "type">,
  scope: NamespaceScope,
  filter: CompiledFilter,
  view: SharedView,
  sources: Pick<SessionSources, "picture">,
): Omit<SnapshotMessage, "type" | keyof FrameHeader> {
  return {
    filter: scopedFilter(message.filter ?? {}, scope),
    ...view.view.tables(),
    ...sources.picture(filter, {
      scope,
      recentRows: capped(message.recentRows, SUBSCRIPTION_LIMITS.recentRows),
      columns: capped(message.columns, SUBSCRIPTION_LIMITS.columns),
    }),
  };
}

/** The filter as it is understood: a team's session has its namespaces in it. */
function scopedFilter(filter: TrafficFilter, scope: NamespaceScope): TrafficFilter {
  if (scope === "all") return filter;
  const { namespaces = [] } = filter;
  const own = namespaces.filter((namespace) => scope.has(namespace));
  return { ...filter, namespaces: namespaces.length > 0 ? own : [...scope].sort() };
}
