// Real components for the tests that come as Python packages: in the cache, installed once for each state of their list.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { cacheFolder, inRoot } from "./paths.mjs";
import { hashOf, isComplete, place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { step } from "./progress.mjs";
import { findPip } from "./python.mjs";
import { withTemporary } from "./temporary.mjs";

async function install({ name, list, what }, folder, hash) {
  try {
    await withTemporary(cacheFolder(), `${name}-pip`, (work) =>
      place(folder, async (partial) => {
        const pip = await findPip(work);
        const flags = [
          "--quiet",
          "--disable-pip-version-check",
          "--no-warn-script-location",
          "--target",
          join(partial, "lib"),
        ];
        const { code, output } = await run(pip.program, [...pip.args, "install", ...flags, "-r", inRoot(list)], {
          env: pip.env,
        });
        if (code !== 0) throw new Error(`pip install: ${lastLines(output, 4)}`);
        return [`name: ${name}`, `version: ${hash}`, `from: ${list}`];
      }),
    );
  } catch (error) {
    throw new Problem(`cannot install ${what}, which the tests ask`, {
      cause: error.message,
      fix: "install Python 3.11 with pip, and see that it reaches its packages",
    });
  }
  return what;
}

const listHash = ({ list }) => hashOf(readFileSync(inRoot(list))).slice(0, 12);

export const bedFolder = (bed) => join(cacheFolder(), `${bed.name}-${listHash(bed)}`);

/**
 * {[variable]: folder with lib/}. Installs what the list says when the cache does not have it.
 * `bed`: {name, list: requirements file, what: in words, effort: in words, variable}.
 */
export async function findPythonBed(bed) {
  const folder = bedFolder(bed);
  if (!isComplete(folder)) {
    await step(bed.name, (progress) => {
      progress(`installed once; ${bed.effort}`);
      return install(bed, folder, listHash(bed));
    });
  }
  return { [bed.variable]: folder };
}

/** Keystone, Octavia, Neutron and Nova; 660 MB. */
export const openstackBed = {
  name: "openstack",
  list: "test/openstack/bed/requirements.lock",
  what: "OpenStack's APIs",
  effort: "about two minutes",
  variable: "BINNACLE_OPENSTACK",
};

/** Moto, a server that speaks EC2's API. */
export const motoBed = {
  name: "moto",
  list: "test/platforms/ec2/requirements.lock",
  what: "a server that speaks EC2's API",
  effort: "about half a minute",
  variable: "BINNACLE_MOTO",
};
