// npm test [-- PATTERN...]: the test files whose path contains a PATTERN, run by Node's own test runner.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { handOver } from "./handover.mjs";
import { inRoot, root } from "./paths.mjs";

const places = [
  { folder: "src", name: /\.test\.ts$/ },
  { folder: "test", name: /\.test\.ts$/ },
  { folder: "setup", name: /\.test\.mjs$/ },
];

// These need a test bed, much time or a quiet machine: they run when a PATTERN names their folder.
const apart = ["test/bench", "test/kubernetes", "test/openstack", "test/image", "test/soak"];

function* filesBelow(folder) {
  if (!existsSync(join(root, folder))) return;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** The wanted ones among `files` (paths relative to the root, with slashes). */
export function chooseTests(files, patterns) {
  const isWanted = (path) => {
    const home = apart.find((folder) => path.startsWith(`${folder}/`));
    if (home && !patterns.some((pattern) => pattern.startsWith(home))) return false;
    return patterns.length === 0 || patterns.some((pattern) => path.includes(pattern));
  };
  return files.filter(isWanted).sort();
}

function main(args) {
  const patterns = args.filter((arg) => !arg.startsWith("--"));
  const flags = args.filter((arg) => arg.startsWith("--"));
  const all = places.flatMap(({ folder, name }) => [...filesBelow(folder)].filter((path) => name.test(path)));
  const files = chooseTests(all, patterns);
  if (files.length === 0) {
    process.stderr.write(`binnacle: no test file has ${patterns.map((p) => `"${p}"`).join(" or ")} in its path\n`);
    process.exit(1);
  }
  process.chdir(inRoot());
  handOver(
    process.execPath,
    ["--test", "--test-concurrency=2", "--test-reporter=spec", ...flags, ...files],
    process.env,
  );
}

if (process.argv[1] === inRoot("setup", "test.mjs")) main(process.argv.slice(2));
