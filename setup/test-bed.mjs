// node setup/test-bed.mjs FOLDER [NAME...]: the tests of a folder that need a test bed, all or those with a NAME in their path.
import { filesBelow } from "./files-below.mjs";
import { handOver } from "./handover.mjs";
import { inNetworkOfItsOwn } from "./own-network.mjs";
import { inRoot } from "./paths.mjs";

// Beds refuse or mean something else by loopback addresses, so upstreams need others that lead to this machine.
const upstreamNetwork = "10.88.0.0/16";

// The ports of OpenStack's APIs are fixed: its tests run one after the other.
const concurrency = { "test/openstack": 1 };

function main([folder, ...args]) {
  const names = args.filter((arg) => !arg.startsWith("--"));
  const flags = args.filter((arg) => arg.startsWith("--"));
  const all = [...filesBelow(folder)].filter((path) => path.endsWith(".test.ts"));
  const files = all.filter((path) => names.length === 0 || names.some((name) => path.includes(name)));
  files.sort((a, b) => (a < b ? -1 : 1));
  if (files.length === 0) {
    const wanted = names.map((name) => `"${name}"`).join(" or ");
    process.stderr.write(`binnacle: no file of ${folder} has ${wanted} in its path\n`);
    process.exit(1);
  }
  process.chdir(inRoot());
  const atOnce = `--test-concurrency=${concurrency[folder] || 2}`;
  const runner = [process.execPath, "--test", atOnce, "--test-reporter=spec", ...flags, ...files];
  const [program, ...rest] = inNetworkOfItsOwn(upstreamNetwork, runner);
  handOver(program, rest, process.env);
}

main(process.argv.slice(2));
