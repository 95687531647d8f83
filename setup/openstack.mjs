// OpenStack's APIs for the tests (test/openstack/bed): Python packages in the cache, installed once for each state of their list.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { cacheFolder, inRoot } from "./paths.mjs";
import { hashOf, isComplete, place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { step } from "./progress.mjs";
import { findPip } from "./python.mjs";
import { withTemporary } from "./temporary.mjs";

const list = inRoot("test", "openstack", "bed", "requirements.lock");

async function install(folder, hash) {
  try {
    await withTemporary(cacheFolder(), "openstack-pip", (work) =>
      place(folder, async (partial) => {
        const pip = await findPip(work);
        const flags = [
          "--quiet",
          "--disable-pip-version-check",
          "--no-warn-script-location",
          "--target",
          join(partial, "lib"),
        ];
        const { code, output } = await run(pip.program, [...pip.args, "install", ...flags, "-r", list], {
          env: pip.env,
        });
        if (code !== 0) throw new Error(`pip install: ${lastLines(output, 4)}`);
        return ["name: openstack", `version: ${hash}`, "from: test/openstack/bed/requirements.lock"];
      }),
    );
  } catch (error) {
    throw new Problem("cannot install OpenStack's APIs, which the tests ask", {
      cause: error.message,
      fix: "install Python 3.11 with pip, and see that it reaches its packages",
    });
  }
  return "Keystone, Octavia, Neutron, Nova";
}

/** {BINNACLE_OPENSTACK: folder with lib/}. Installs it when the cache does not have it: two minutes and 660 MB. */
export async function findOpenStack() {
  const hash = hashOf(readFileSync(list)).slice(0, 12);
  const folder = join(cacheFolder(), `openstack-${hash}`);
  if (!isComplete(folder)) {
    await step("openstack", (progress) => {
      progress("installed once; about two minutes");
      return install(folder, hash);
    });
  }
  return { BINNACLE_OPENSTACK: folder };
}
