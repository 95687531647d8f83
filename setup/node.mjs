// Node 26 runs the program. It comes from npm as well, so that every machine has the same one.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { lastLines, run } from "./command.mjs";
import { inRoot } from "./paths.mjs";
import { pins } from "./pins.mjs";
import { verifyChecksum } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { megabytes, step } from "./progress.mjs";

const fetched = () => inRoot("node_modules", "node", "bin", "node");

/** npm's package for this processor if package.json names it, else the one we (or the package's script) put there. */
export function nodePath() {
  const own = inRoot("node_modules", `node-linux-${process.arch}`, "bin", "node");
  return existsSync(own) ? own : fetched();
}

function tryNode() {
  if (!existsSync(nodePath())) return "missing";
  const { status, stdout, stderr } = spawnSync(nodePath(), ["--version"], { encoding: "utf8" });
  if (status === 0) return stdout.trim() === `v${pins.node.version}` ? "good" : "missing";
  if (/libatomic/.test(stderr)) {
    // The package's link would shadow the machine's own Node in `npm run`, and nothing would start at all.
    rmSync(inRoot("node_modules", ".bin", "node"), { force: true });
    throw new Problem(`Node ${pins.node.version} does not run on this machine`, {
      cause: stderr.trim() || "libatomic.so.1 is missing",
      fix: "apt-get install libatomic1",
    });
  }
  return "missing";
}

async function fetchNode() {
  const name = `node-linux-${process.arch}`;
  mkdirSync(inRoot("node_modules", "node", "bin"), { recursive: true });
  const folder = mkdtempSync(inRoot("node_modules", ".node-"));
  try {
    const packed = await run("npm", ["pack", "--silent", `${name}@${pins.node.version}`], { cwd: folder });
    const file = join(folder, `${name}-${pins.node.version}.tgz`);
    if (packed.code !== 0 || !existsSync(file)) {
      throw new Problem(`cannot get Node ${pins.node.version}`, {
        cause: `npm pack ${name} failed:\n${lastLines(packed.output, 6)}`,
        fix: "check the network and npm's settings (npm config list), then try again",
      });
    }
    const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
    verifyChecksum(file, pins.node[process.arch], integrity);
    const unpacked = await run("tar", ["-xzf", file, "-C", folder, "package/bin/node"]);
    if (unpacked.code !== 0) throw new Error(`tar: ${unpacked.output}`);
    chmodSync(join(folder, "package", "bin", "node"), 0o755);
    renameSync(join(folder, "package", "bin", "node"), fetched());
    return `${pins.node.version}, ${megabytes(statSync(file).size)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function ensureNode() {
  if (tryNode() === "good") return;
  await step("Node", fetchNode);
  if (tryNode() === "good") return;
  throw new Problem(`Node ${pins.node.version} does not run on this machine`, {
    cause: `${nodePath()} --version failed`,
    fix: `run it by hand to see why: ${nodePath()} --version`,
  });
}
