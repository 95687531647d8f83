// npm run test:kubernetes [-- NAME...]: the tests that need Kubernetes API servers, all or those with a NAME in their path.
import { filesBelow } from "./files-below.mjs";
import { handOver } from "./handover.mjs";
import { inNetworkOfItsOwn } from "./own-network.mjs";
import { inRoot } from "./paths.mjs";

// An API server takes no loopback address as an endpoint's, so Pods need others that lead to this machine.
const podNetwork = "10.88.0.0/16";

function main(args) {
  const names = args.filter((arg) => !arg.startsWith("--"));
  const flags = args.filter((arg) => arg.startsWith("--"));
  const all = [...filesBelow("test/kubernetes")].filter((path) => path.endsWith(".test.ts"));
  const files = all.filter((path) => names.length === 0 || names.some((name) => path.includes(name)));
  files.sort((a, b) => (a < b ? -1 : 1));
  if (files.length === 0) {
    process.stderr.write(
      `binnacle: no file of test/kubernetes has ${names.map((name) => `"${name}"`).join(" or ")} in its path\n`,
    );
    process.exit(1);
  }
  process.chdir(inRoot());
  const runner = [process.execPath, "--test", "--test-concurrency=2", "--test-reporter=spec"];
  const [program, ...rest] = inNetworkOfItsOwn(podNetwork, [...runner, ...flags, ...files]);
  handOver(program, rest, process.env);
}

main(process.argv.slice(2));
