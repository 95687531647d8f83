import type { Config } from "#config/config.ts";
import type { ManifestTexts } from "#sources/manifest-texts.ts";
import { type ReadManifests, readManifests } from "#sources/read-manifests.ts";
import { MemoryArchive } from "#store/archive.ts";
import { ControlPlane } from "../control-plane.ts";
import { translateSettings } from "./translate-settings.ts";

/** Reads manifests and translates them as the appliance would, without starting anything. */
export async function translateManifests(
  manifests: ManifestTexts,
  config: Config,
): Promise<{ readonly read: ReadManifests; readonly controlPlane: ControlPlane }> {
  const read = await readManifests(manifests, { unknownFields: config.sources.unknownFields });
  const controlPlane = new ControlPlane({
    // Which addresses are this machine's own says nothing about the machine that the manifests are for.
    translate: translateSettings(config, []),
    listeners: { streamIdleTimeout: config.routing.streamIdleTimeout, accessLog: undefined },
    archive: new MemoryArchive(),
    now: () => 0,
  });
  controlPlane.store.apply(read.objects.map(({ object, origin }) => ({ type: "put", object, origin })));
  controlPlane.translateNow();
  return { read, controlPlane };
}
