// npm test [-- PATTERN...]: the test files whose path contains a PATTERN, run by Node's own test runner.
import { chooseTests } from "./choose-tests.mjs";
import { filesBelow } from "./files-below.mjs";
import { handOver } from "./handover.mjs";
import { inRoot } from "./paths.mjs";

const places = [
  { folder: "src", name: /\.test\.ts$/ },
  { folder: "test", name: /\.test\.ts$/ },
  { folder: "setup", name: /\.test\.mjs$/ },
  { folder: "appliance", name: /\.test\.mjs$/ },
];

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

main(process.argv.slice(2));
