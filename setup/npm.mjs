// Packages of npm that are tools of set-up itself: Node 26, and the npm that installs the others. The machine's own npm
// only downloads these two: an old one leaves out optional packages that its old Node could not run (the bindings of
// oxlint and vite), and each version reads package-lock.json a little differently.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { checkNpm } from "./machine.mjs";
import { cacheFolder, inRoot, machinePath } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { isComplete, place, verifyChecksum } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { noteOf, step } from "./progress.mjs";

/** npm's own patience without a network is minutes. What lies in its cache is verified like a download. */
export const patience = [
  "--prefer-offline",
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/** Downloads a package of npm, verifies it and unpacks it into `folder`/package. Resolves to the download's size. */
export async function unpackFromNpm(name, version, integrity, folder) {
  checkNpm();
  const downloads = mkdtempSync(join(folder, "download-"));
  const args = ["pack", "--silent", ...patience, "--pack-destination", downloads, `${name}@${version}`];
  const packed = await run("npm", args, { cwd: downloads, env: { ...process.env, PATH: machinePath() } });
  const file = join(downloads, `${name}-${version}.tgz`);
  if (packed.code !== 0 || !existsSync(file)) {
    throw new Problem(`cannot get ${name} ${version} from npm`, {
      cause: `npm pack failed:\n${lastLines(packed.output, 6)}`,
      fix: "check the network and npm's settings (npm config list), then try again",
    });
  }
  const actual = createHash("sha512").update(readFileSync(file)).digest("base64");
  verifyChecksum(file, integrity, `sha512-${actual}`);
  const size = statSync(file).size;
  const unpacked = await run("tar", ["-xzf", file, "-C", folder]);
  if (unpacked.code !== 0) throw new Error(`tar -xzf ${file}: ${unpacked.output}`);
  rmSync(downloads, { recursive: true });
  return size;
}

const home = () => join(cacheFolder(), `npm-${pins.npm.version}`);

export async function ensureNpm() {
  if (isComplete(home())) return;
  await step("npm", async () => {
    let size = 0;
    await place(home(), async (folder) => {
      size = await unpackFromNpm("npm", pins.npm.version, pins.npm.integrity, folder);
      return ["name: npm", `version: ${pins.npm.version}`, "from: npm package npm", `integrity: ${pins.npm.integrity}`];
    });
    return noteOf(pins.npm.version, size);
  });
}

/** Runs our npm on our Node in the root of the checkout. */
export function runNpm(node, args) {
  const program = join(home(), "package", "bin", "npm-cli.js");
  return run(node, [program, ...args], { cwd: inRoot(), env: { ...process.env, PATH: machinePath() } });
}
