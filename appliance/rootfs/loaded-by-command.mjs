// What of this checkout the command `binnacle` loads, in whatever it is asked for and with every platform.
import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { inRoot } from "../../setup/paths.mjs";
import { Problem } from "../../setup/problem.mjs";
import { reachableFiles } from "./reachable-files.mjs";

/** Files of packages that require something by names which only a run knows, with those that are wanted. */
const COMPUTED_NAMES = {
  // Engines of templates: there are none.
  "node_modules/express/lib/view.js": [],
  // What it sets up when it is loaded. Not its providers: those of OpenStack and DigitalOcean are imported by their path.
  "node_modules/pkgcloud/lib/pkgcloud.js": [
    "./pkgcloud/core/base",
    "./pkgcloud/common",
    "./pkgcloud/core/compute",
    "./pkgcloud/core/storage",
  ],
};

/** {files, lookingBeside}: see reachableFiles; sets of paths from the root. Throws a Problem where it cannot know. */
export function loadedByCommand() {
  // node_modules may be a link.
  const [root, modules] = [realpathSync(inRoot()), realpathSync(inRoot("node_modules"))];
  const named = (file) =>
    file.startsWith(`${modules}/`) ? join("node_modules", relative(modules, file)) : relative(root, file);
  const unused = new Set(Object.keys(COMPUTED_NAMES));
  const { files, lookingBeside } = reachableFiles([join(root, "src", "cli.ts")], (file, texts) => {
    if (!Object.hasOwn(COMPUTED_NAMES, named(file))) throw unknownNames(named(file), texts);
    unused.delete(named(file));
    return COMPUTED_NAMES[named(file)];
  });
  for (const file of unused) throw noSuchNames(file);
  return { files: new Set(files.map(named)), lookingBeside: new Set([...lookingBeside].map(named)) };
}

const TABLE = "COMPUTED_NAMES (appliance/rootfs/loaded-by-command.mjs)";

const unknownNames = (file, texts) =>
  new Problem(`${file} loads something by a name that only a run knows: ${texts.join(", ")}`, {
    cause: "an image has what is loaded, and nothing else",
    fix: `import what is wanted of it by its path, or name that in ${TABLE}`,
  });

const noSuchNames = (file) =>
  new Problem(`${file} loads nothing by a name that only a run knows`, {
    cause: "nothing loads it any more, or it has changed",
    fix: `take it out of ${TABLE}`,
  });
