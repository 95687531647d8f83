// This checkout as it runs: sources, generated files and the console that was built, and the npm packages that they load.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../../setup/paths.mjs";
import { copyInto, copyTree } from "./files.mjs";
import { copyPackage, productionPackages } from "./production-packages.mjs";

/** Where it lies in a root file system. Node refuses .ts files below a node_modules, so it is no npm package. */
export const HOME = "opt/binnacle";

const FILES = ["package.json", "LICENSE"];
/** Folders, with what is taken of them. The console is in build/, tests are for development. */
const FOLDERS = {
  src: (path) => !path.startsWith("console/") && /\.(ts|json)$/.test(path) && !/\.(test|d)\.ts$/.test(path),
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
  const packages = productionPackages(JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8")), inRoot());
  for (const one of packages) copyPackage(one, inRoot(), target);
  return packages;
}
