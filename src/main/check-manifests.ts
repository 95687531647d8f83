import type { Config } from "#config/config.ts";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { readManifests } from "#sources/read-manifests.ts";
import { MemoryArchive } from "#store/archive.ts";
import { ControlPlane } from "../control-plane.ts";
import { problemsOf } from "../views/objects.ts";
import { translateSettings } from "./translate-settings.ts";

export interface CheckedManifests {
  readonly files: number;
  readonly objects: number;
  /** By file and line; `ref` where one object is meant. */
  readonly problems: readonly (Problem & { readonly ref?: ObjectRef })[];
}

/** Reads manifests and translates them as the appliance would, without starting anything: all that it would complain about. */
export async function checkManifests(paths: readonly string[], config: Config): Promise<CheckedManifests> {
  const read = await readManifests(paths, { unknownFields: config.sources.unknownFields });
  const controlPlane = new ControlPlane({
    // Which addresses are this machine's own says nothing about the machine that the manifests are for.
    translate: translateSettings(config, []),
    listeners: { streamIdleTimeout: config.routing.streamIdleTimeout, accessLog: undefined },
    archive: new MemoryArchive(),
    now: () => 0,
  });
  const { store, translator, snapshot } = controlPlane;
  store.apply(read.objects.map(({ object, origin }) => ({ type: "put", object, origin })));
  controlPlane.translateNow();
  const found = store
    .states()
    .flatMap((state) =>
      problemsOf(state, translator.verdicts(state.ref), snapshot).map((problem) => ({ ...problem, ref: state.ref })),
    );
  const problems = [...read.problems, ...found].sort(
    (a, b) =>
      compareText(a.origin?.file ?? "", b.origin?.file ?? "") ||
      (a.origin?.line ?? 0) - (b.origin?.line ?? 0) ||
      compareText(a.path, b.path) ||
      compareText(a.message, b.message),
  );
  return { files: read.files, objects: read.objects.length, problems };
}
