#!/usr/bin/env node
// The command `binnacle` (npx binnacle …). It fetches nothing: a command that is asked a question should answer it.
import { handOver } from "./handover.mjs";
import { nodePath } from "./node.mjs";
import { applianceFlags } from "./node-flags.mjs";
import { packagesReady } from "./packages.mjs";
import { childEnvironment, inRoot } from "./paths.mjs";
import { knownPrograms } from "./programs.mjs";
import { protosReady } from "./protos.mjs";
import { fail } from "./progress.mjs";
import { Problem } from "./problem.mjs";

if (!packagesReady() || !protosReady()) {
  fail([
    new Problem("this checkout is not set up", {
      cause: "its packages or generated files are missing or older than package-lock.json",
      fix: "npm run up (sets up and starts), or node setup/run.mjs setup (only sets up)",
    }),
  ]);
}
handOver(
  nodePath(),
  [...applianceFlags, inRoot("src", "cli.ts"), ...process.argv.slice(2)],
  childEnvironment(nodePath(), knownPrograms()),
);
