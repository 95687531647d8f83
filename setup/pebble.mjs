// Pebble, the ACME server of the tests, by the makers of Let's Encrypt's: built once from its Go module, which Go checks against its
// public checksum log.
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { withGoEnvironment } from "./go-build.mjs";
import { findGo } from "./go-toolchain.mjs";
import { cacheFolder } from "./paths.mjs";
import { isComplete, place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { findInstalled } from "./programs.mjs";
import { step } from "./progress.mjs";

const version = "2.10.1";
const source = `github.com/letsencrypt/pebble/v2/cmd/pebble@v${version}`;
const program = { variable: "BINNACLE_PEBBLE", names: ["pebble"] };

async function make(folder) {
  try {
    await place(folder, async (partial) => {
      const go = await findGo();
      await withGoEnvironment(go, async (env) => {
        const { code, output } = await run(go.program, ["install", source], { env: { ...env, GOBIN: partial } });
        if (code !== 0) throw new Error(`go install: ${lastLines(output, 4)}`);
      });
      return ["name: pebble", `version: ${version}`, `from: Go module ${source}`];
    });
  } catch (error) {
    throw new Problem("cannot build pebble, the ACME server of the tests", {
      cause: error.message,
      fix: "install Go 1.26 or newer and see that it reaches its modules (behind a proxy: HTTPS_PROXY), or set BINNACLE_PEBBLE to the path of a pebble of yours",
    });
  }
  return version;
}

/** {BINNACLE_PEBBLE: path}. Builds it when the cache does not have it: half a minute. */
export async function findPebble() {
  const named = process.env[program.variable] && findInstalled(program, ">=0");
  if (named) return { [program.variable]: named };
  const folder = join(cacheFolder(), `pebble-${version}`);
  if (!isComplete(folder)) await step("pebble", () => make(folder));
  return { [program.variable]: join(folder, "pebble") };
}
