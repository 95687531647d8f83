// Every folder of the cache that this checkout, as it is now, would use.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { partnerFolders } from "./go-partners.mjs";
import { kubeboxFolder } from "./kubebox.mjs";
import { cacheFolder, inRoot } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { findCached, kits } from "./programs.mjs";
import { bedFolder, motoBed, openstackBed } from "./python-bed.mjs";

export function namedFolders() {
  const pinned = ["envoy", "go", "node", "npm"].map((name) => join(cacheFolder(), `${name}-${pins[name].version}`));
  const programs = kits.flatMap((kit) => findCached(kit) ?? []);
  // A copy without its tests has nothing that the folders of these could be named after.
  const beds = existsSync(inRoot("test")) ? [kubeboxFolder(), bedFolder(openstackBed), bedFolder(motoBed)] : [];
  return [...pinned, ...programs, ...partnerFolders(), ...beds];
}
