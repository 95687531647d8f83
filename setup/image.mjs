// The container image of this checkout for the tests that run it (appliance/image), and what they read and run it with.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { debianProgram } from "./debian-program.mjs";
import { cacheFolder, childEnvironment, hasCommand, inRoot } from "./paths.mjs";
import { Problem } from "./problem.mjs";
import { step } from "./progress.mjs";

/** Debian's package → its program. The tests ask for them again, where there is no network any more. */
const tools = { runc: "usr/sbin/runc", umoci: "usr/bin/umoci" };

async function fetchTool(name) {
  if (hasCommand(name) || existsSync(join(cacheFolder(), `debian-${name}`))) return;
  await step(name, async () => {
    const { reason } = await debianProgram(name, tools[name]);
    if (!reason) return;
    throw new Problem(`cannot get ${name}, with which the tests run the image`, {
      cause: reason,
      fix: `apt-get install ${name}`,
    });
  });
}

/** {BINNACLE_IMAGE: path of its archive}. Built by our Node, so that the same checkout gives the same bytes. */
export async function buildImage(node) {
  for (const name of Object.keys(tools)) await fetchTool(name);
  const archive = inRoot("build", "image", "test.tar");
  const args = [inRoot("appliance", "image", "build.mjs"), "--output", archive];
  const { status } = spawnSync(node, args, { stdio: ["ignore", "inherit", "inherit"], env: childEnvironment(node) });
  if (status === 0) return { BINNACLE_IMAGE: archive };
  throw new Problem("there is no image to test", { cause: "see above", fix: "npm run image builds it, too" });
}
