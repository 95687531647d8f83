// npm run check: every check runs, also after a failed one, so that one run shows all there is to mend.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { inRoot } from "./paths.mjs";

const tool = (name) => inRoot("node_modules", ".bin", name);
const architecture = "test/architecture.test.ts";

const steps = [
  { name: "types", command: [tool("tsc"), "-p", "."] },
  { name: "types of the console", when: "src/console/tsconfig.json", command: [tool("tsc"), "-p", "src/console"] },
  { name: "lint", command: [tool("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "format", command: [tool("oxfmt"), "--check"], fix: "npx oxfmt" },
  { name: "architecture", when: architecture, command: [process.execPath, "--test", architecture] },
];

const results = [];
for (const step of steps) {
  if (step.when && !existsSync(inRoot(step.when))) continue;
  const [program, ...args] = step.command;
  process.stdout.write(`\n== ${step.name}\n`);
  const since = Date.now();
  const { status } = spawnSync(program, args, { cwd: inRoot(), stdio: ["ignore", "inherit", "inherit"] });
  results.push({ ...step, passed: status === 0, seconds: ((Date.now() - since) / 1000).toFixed(1) });
}

process.stdout.write("\n");
for (const { name, passed, seconds, fix } of results) {
  const mend = !passed && fix ? `   (${fix} mends it)` : "";
  process.stdout.write(`${passed ? "passed" : "FAILED"}  ${name.padEnd(22)} ${seconds.padStart(5)} s${mend}\n`);
}
const failed = results.filter((result) => !result.passed).length;
process.stdout.write(`${results.length - failed} checks passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
