// What must be true of the machine before anything is fetched.
import { versionText } from "./command.mjs";
import { Problem } from "./problem.mjs";
import { inRange, parseVersion } from "./versions.mjs";

const cpus = { x64: { wheel: "x86_64" }, arm64: { wheel: "aarch64" } };

export const wheelCpu = () => cpus[process.arch].wheel;

export function checkMachine({ platform = process.platform, arch = process.arch, glibc = glibcVersion() } = {}) {
  if (platform !== "linux" || !cpus[arch]) {
    throw new Problem("this machine is not supported", {
      cause: `it is ${platform} on ${arch}; Envoy and its monitoring run on Linux, x64 or arm64`,
      fix: "use a Debian 12 or newer machine, virtual machine or container",
    });
  }
  if (!glibc || !inRange(parseVersion(glibc), ">=2.31")) {
    throw new Problem("the C library of this machine is too old or of another kind", {
      cause: `found ${glibc ? `glibc ${glibc}` : "no glibc"}; Envoy and Node need glibc 2.31 or newer`,
      fix: "use Debian 11 or newer, Ubuntu 20.04 or newer, or another distribution with a recent glibc",
    });
  }
}

function glibcVersion() {
  return process.report.getReport().header.glibcVersionRuntime;
}

export function checkNpm(text = versionText("npm")) {
  const version = text && parseVersion(text);
  if (version && inRange(version, ">=9")) return;
  throw new Problem("npm 9 or newer is needed", {
    cause: version ? `found npm ${version.join(".")}` : "npm was not found on PATH",
    fix: version ? "npm install --global npm@10" : "apt-get install npm",
  });
}
