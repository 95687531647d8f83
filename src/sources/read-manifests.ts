import type { Origin, Problem } from "#lib/problem.ts";
import type { Resource } from "#resources/resource.ts";
import type { ValidateOptions } from "#resources/validate.ts";
import { breather } from "./breathe.ts";
import { Claims } from "./claims.ts";
import { readManifest } from "./manifest.ts";
import type { ManifestTexts } from "./manifest-texts.ts";

export interface ReadManifests {
  /** Those that are valid, sorted by reference: of an object that stands twice, the first. */
  readonly objects: readonly { readonly object: Resource; readonly origin: Origin }[];
  /** Everything that is wrong, by file and line. */
  readonly problems: readonly Problem[];
  /** How many files were read. */
  readonly files: number;
}

/** Reads the objects of manifests once. */
export async function readManifests(
  { texts, problems }: ManifestTexts,
  options: ValidateOptions,
): Promise<ReadManifests> {
  const claims = new Claims(() => []);
  const pause = breather();
  for (const { file, text } of texts) claims.set(file, await readManifest(text, file, options, pause));
  const objects = claims
    .takeChanges()
    .flatMap((change) => (change.type === "put" ? [{ object: change.object, origin: change.origin }] : []));
  return { objects, problems: [...problems, ...claims.allProblems()], files: texts.length };
}
