import type { ObjectDetail, ObjectProblem, ObjectsView, ObjectSummary } from "#api/ports/objects.ts";
import { compareText } from "#lib/compare.ts";
import { type Kind, type ObjectRef, refKey } from "#resources/ref.ts";
import type { ObjectState } from "#store/object-state.ts";
import type { Store } from "#store/store.ts";
import type { Translator } from "#translate/translator.ts";
import type { Verdict } from "#translate/verdict.ts";
import { XDS_TYPE_OF } from "#xds/resources/encode.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { objectColumns } from "./object-columns.ts";

/** The objects with what became of them, read from the store, the translation and Envoy's answers at each call. */
export function objectsView(
  store: Store,
  translator: Pick<Translator, "verdicts" | "items">,
  snapshot: Pick<Snapshot, "quarantined">,
): ObjectsView {
  const summary = (state: ObjectState): ObjectSummary => {
    const created = state.inUse?.object.metadata.creationTimestamp;
    return {
      ref: state.ref,
      inUse: inUse(state),
      origin: state.origin,
      problems: problemsOf(state, translator.verdicts(state.ref), snapshot),
      ...(created === undefined ? {} : { createdAt: created }),
      columns: state.inUse === undefined ? {} : objectColumns(state.inUse.object),
    };
  };
  return {
    list: (kind?: Kind) =>
      store
        .states()
        .filter(({ ref }) => kind === undefined || ref.kind === kind)
        .map(summary),
    get: (ref: ObjectRef): ObjectDetail | undefined => {
      const state = store.state(ref);
      if (state === undefined) return undefined;
      const key = refKey(ref);
      const became = translator
        .items()
        .filter(({ sources }) => sources.some((source) => refKey(source.ref) === key))
        .map(({ item }) => `${XDS_TYPE_OF[item.type]} ${item.name}`);
      return { ...summary(state), object: state.inUse?.object, became };
    },
  };
}

/** All that is wrong with an object, whoever found it: errors first, then by path. */
export function problemsOf(
  state: ObjectState,
  verdicts: readonly Verdict[],
  snapshot: Pick<Snapshot, "quarantined">,
): readonly ObjectProblem[] {
  const { refused, warnings, origin } = state;
  const found: ObjectProblem[] = [];
  for (const problem of refused?.problems ?? []) {
    const reason = refused?.by === "envoy" ? "RefusedByEnvoy" : "Invalid";
    found.push({ origin, ...problem, reason, by: refused?.by ?? "validation" });
  }
  for (const warning of warnings) found.push({ origin, ...warning, reason: "Warning", by: "validation" });
  for (const { ref: _ref, ...said } of verdicts) found.push({ ...said, origin, by: "translation" });
  const key = refKey(state.ref);
  for (const { type, name, message, sources, servesEarlier } of snapshot.quarantined()) {
    if (refused?.by === "envoy" || !sources.some(({ ref }) => refKey(ref) === key)) continue;
    const effect = servesEarlier ? "its form before goes on" : "it is not served";
    const words = `Envoy refused ${type} ${name}, which is made from this object, and ${effect}: ${message}`;
    found.push({ severity: "error", path: "", message: words, origin, reason: "RefusedByEnvoy", by: "envoy" });
  }
  return found.sort(
    (a, b) => compareText(a.severity, b.severity) || compareText(a.path, b.path) || compareText(a.message, b.message),
  );
}

function inUse({ refused, inUse: form }: ObjectState): ObjectSummary["inUse"] {
  if (form === undefined) return "none";
  return refused === undefined ? "current" : "lastGood";
}
