// npm run test:openstack [-- NAME...]: the tests that need OpenStack's APIs, all or those with a NAME in their path.
import { filesBelow } from "./files-below.mjs";
import { handOver } from "./handover.mjs";
import { inNetworkOfItsOwn } from "./own-network.mjs";
import { inRoot } from "./paths.mjs";

const args = process.argv.slice(2);
const patterns = args.filter((arg) => !arg.startsWith("--"));
const flags = args.filter((arg) => arg.startsWith("--"));
const all = [...filesBelow("test/openstack")].filter((path) => path.endsWith(".test.ts"));
const files = all.filter((path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)));
files.sort((a, b) => (a < b ? -1 : 1));
if (files.length === 0) {
  process.stderr.write(
    `binnacle: no file of test/openstack has ${patterns.map((p) => `"${p}"`).join(" or ")} in its path\n`,
  );
  process.exit(1);
}
process.chdir(inRoot());
// One after the other: the APIs' ports are fixed.
const runner = [process.execPath, "--test", "--test-concurrency=1", "--test-reporter=spec"];
const [program, ...rest] = inNetworkOfItsOwn("10.88.0.0/16", [...runner, ...flags, ...files]);
handOver(program, rest, process.env);
