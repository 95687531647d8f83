import { defaultConfig } from "#config/load-config.ts";
import { MemoryArchive } from "#store/archive.ts";
import { ControlPlane, type ControlPlaneOptions } from "../control-plane.ts";
import { translateSettings } from "./translate-settings.ts";

/** A control plane of the default settings that keeps nothing on disk. */
export function controlPlaneForTests(changes: Partial<ControlPlaneOptions> = {}): ControlPlane {
  return new ControlPlane({
    translate: translateSettings(defaultConfig(), []),
    listeners: { streamIdleTimeout: 300_000, accessLog: undefined },
    archive: new MemoryArchive(),
    now: Date.now,
    ...changes,
  });
}
