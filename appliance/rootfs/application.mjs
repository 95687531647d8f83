// This checkout as it runs: what the command loads of its sources, generated files and npm packages, and what it reads.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../../setup/paths.mjs";
import { copyInto, copyTree } from "./files.mjs";
import { loadedByCommand } from "./loaded-by-command.mjs";
import { copyPackage, productionPackages } from "./production-packages.mjs";

/** Where it lies in a root file system. Node refuses .ts files below a node_modules, so it is no npm package. */
export const HOME = "opt/binnacle";

const FILES = ["package.json", "LICENSE"];
/** Folders that it reads, with what is taken of them. The console is in build/. */
const FOLDERS = {
  alerts: (path) => !/^tests?\//.test(path),
  dashboards: () => true,
  "examples/quickstart": () => true,
  "build/console": (path) => !path.startsWith("."),
};

/** Puts it into `tree`; returns its npm packages: {path, name, version, licence}. */
export function addApplication(tree) {
  const target = join(tree, HOME);
  for (const file of FILES) copyInto(inRoot(file), join(target, file));
  for (const [folder, takes] of Object.entries(FOLDERS)) copyTree(inRoot(folder), join(target, folder), takes);
  const loaded = loadedByCommand();
  for (const file of loaded.files) if (!file.startsWith("node_modules/")) copyInto(inRoot(file), join(target, file));
  const packages = productionPackages(JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8")), inRoot());
  return packages.filter((one) => copyPackage(one, inRoot(), target, loaded));
}
