import type { Config } from "#config/config.ts";
import { compareText } from "#lib/compare.ts";
import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { ManifestTexts } from "#sources/manifest-texts.ts";
import { problemsOf } from "../views/objects.ts";
import { translateManifests } from "./translate-manifests.ts";

export interface CheckedManifests {
  readonly files: number;
  readonly objects: number;
  /** By file and line; `ref` where one object is meant. */
  readonly problems: readonly (Problem & { readonly ref?: ObjectRef })[];
}

/** Reads manifests and translates them as the appliance would, without starting anything: all that it would complain about. */
export async function checkManifests(manifests: ManifestTexts, config: Config): Promise<CheckedManifests> {
  const { read, controlPlane } = await translateManifests(manifests, config);
  const { store, translator, snapshot } = controlPlane;
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
