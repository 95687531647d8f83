// Servers by others that the tests of test/partners run beside Envoy: each built once from its Go module, which Go checks
// against its public checksum log.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { withGoEnvironment } from "./go-build.mjs";
import { findGo } from "./go-toolchain.mjs";
import { cacheFolder } from "./paths.mjs";
import { isComplete, place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { findInstalled } from "./programs.mjs";
import { step } from "./progress.mjs";
import { withTemporary } from "./temporary.mjs";

/**
 * `package`: of its program, below `module` at `version`. `sums`: its lines of a go.sum, where the public checksum log does not
 * have the module; what it needs is checked against the log all the same.
 */
const partners = [
  {
    name: "pebble",
    what: "the ACME server of Let's Encrypt's makers",
    variable: "BINNACLE_PEBBLE",
    module: "github.com/letsencrypt/pebble/v2",
    version: "2.10.1",
    package: "/cmd/pebble",
  },
  {
    name: "ratelimit",
    what: "the rate-limit server of Envoy's makers",
    variable: "BINNACLE_RATELIMIT",
    module: "github.com/envoyproxy/ratelimit",
    // It has no releases: this is its main branch of that day.
    version: "1.4.1-0.20260122083618-3fb702589d36",
    package: "/src/service_cmd",
  },
  {
    name: "oauth2-proxy",
    what: "a server of external authorisation",
    variable: "BINNACLE_OAUTH2_PROXY",
    module: "github.com/oauth2-proxy/oauth2-proxy/v7",
    version: "7.6.0",
    package: "",
  },
  {
    name: "opa-envoy",
    what: "a server of external authorisation by gRPC",
    variable: "BINNACLE_OPA_ENVOY",
    module: "github.com/open-policy-agent/opa-envoy-plugin",
    version: "1.10.0-envoy",
    package: "/cmd/opa-envoy-plugin",
    // Of the tag's own tree (d122f600a4a1), reckoned from git.
    sums: [
      " h1:N+Le+sDTrGfqoBNVrSk2CoZNWWxQT9pxA94Lnq3Pn0A=",
      "/go.mod h1:aO2UQzpZ0GrorKvwKpF9RefRjCI9eHZi8h8ZiP8e2Yg=",
    ],
  },
];

/**
 * By a module of its own that requires it: `go install` asks for the list of all versions, which module proxies need not
 * have, and would refuse a module whose go.mod replaces another.
 */
function build(partner, target) {
  const { module, version, sums = [] } = partner;
  return withTemporary(cacheFolder(), `${partner.name}-build`, async (cwd) => {
    writeFileSync(join(cwd, "go.mod"), `module built\n\ngo 1.26\n\nrequire ${module} v${version}\n`);
    writeFileSync(join(cwd, "go.sum"), sums.map((sum) => `${module} v${version}${sum}\n`).join(""));
    const go = await findGo();
    await withGoEnvironment(go, async (env) => {
      const flags = ["-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", target];
      const args = ["-n", "10", go.program, "build", ...flags, module + partner.package];
      const { code, output } = await run("nice", args, { cwd, env });
      if (code !== 0) throw new Error(`go build: ${lastLines(output, 4)}`);
    });
  });
}

async function make(partner, folder) {
  const { name, what, variable, module, version } = partner;
  try {
    await place(folder, async (partial) => {
      await build(partner, join(partial, name));
      return [`name: ${name}`, `version: ${version}`, `from: Go module ${module}@v${version}`];
    });
  } catch (error) {
    throw new Problem(`cannot build ${name}, ${what}, which the tests ask`, {
      cause: error.message,
      fix: `install Go 1.26 or newer and see that it reaches its modules (behind a proxy: HTTPS_PROXY), or set ${variable} to the path of one of yours`,
    });
  }
  return version;
}

const folderOf = ({ name, version }) => join(cacheFolder(), `${name}-${version}`);

export const partnerFolders = () => partners.map(folderOf);

async function find(partner) {
  const { name, variable } = partner;
  const named = process.env[variable] && findInstalled({ variable, names: [name] }, ">=0");
  if (named) return { [variable]: named };
  const folder = folderOf(partner);
  if (!isComplete(folder)) await step(name, () => make(partner, folder));
  return { [variable]: join(folder, name) };
}

/**
 * {BINNACLE_PEBBLE: path, …} of those with these names. Builds what the cache does not have, one after the other: four minutes
 * of a processor for all.
 */
export async function findGoPartners(names) {
  const found = {};
  for (const partner of partners.filter(({ name }) => names.includes(name))) Object.assign(found, await find(partner));
  return found;
}
