// kubebox, the Kubernetes API server of the tests (test/kubernetes/kubebox): built once for each state of its sources.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lastLines, run } from "./command.mjs";
import { withGoEnvironment } from "./go-build.mjs";
import { findGo } from "./go-toolchain.mjs";
import { cacheFolder, inRoot } from "./paths.mjs";
import { findInstalled } from "./programs.mjs";
import { hashOf, isComplete, place } from "./place.mjs";
import { Problem } from "./problem.mjs";
import { step } from "./progress.mjs";

const sources = inRoot("test", "kubernetes", "kubebox");
const program = { variable: "BINNACLE_KUBEBOX", names: ["kubebox"] };

/** Without a version in the program, clients cannot read what /version answers. */
export function linkerFlags(goMod) {
  const version = /^\tk8s\.io\/kubernetes (v1\.(\d+)\.\d+)$/m.exec(goMod);
  if (!version) throw new Error(`${sources}/go.mod requires no k8s.io/kubernetes v1`);
  const [, whole, minor] = version;
  const values = { gitVersion: whole, gitMajor: 1, gitMinor: minor, gitTreeState: "clean", gitCommit: "module" };
  const assigned = ["component-base", "client-go/pkg"].flatMap((home) =>
    Object.entries(values).map(([name, value]) => `-X k8s.io/${home}/version.${name}=${value}`),
  );
  return ["-s", "-w", ...assigned].join(" ");
}

function sourceFiles() {
  const names = readdirSync(sources).filter((name) => /^go\.(mod|sum)$|\.go$/.test(name));
  return names.sort().map((name) => [name, readFileSync(join(sources, name))]);
}

async function goCommand(go, args, options) {
  // Half an hour of two processors, in the worst case: whoever works on this machine meanwhile goes first.
  const { code, output } = await run("nice", ["-n", "10", go.program, ...args], { cwd: sources, ...options });
  if (code === 0) return output;
  // The lines of a single word are the packages that it lists or compiles.
  const words = output.split("\n").filter((line) => line.trim().includes(" "));
  throw new Error(`go ${args[0]}: ${lastLines(words.join("\n"), 6)}`);
}

const linesOf = (text) => text.split("\n").length - 1;

async function build(go, target, progress) {
  await withGoEnvironment(go, async (env) => {
    let modules = 0;
    const onDownload = (text) => {
      modules += text.split("go: downloading").length - 1;
      if (modules > 0) progress(`${modules} modules downloaded`);
    };
    progress("looking at its modules");
    const total = linesOf(await goCommand(go, ["list", "-deps", "."], { env, onText: onDownload }));
    let done = 0;
    const onCompiled = (text) => progress(`${(done += linesOf(text))} of at most ${total} packages compiled`);
    progress(`${total} packages to compile or to find compiled`);
    const flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", linkerFlags(readText("go.mod")), "-o", target];
    await goCommand(go, ["build", ...flags, "."], { env, onText: onCompiled });
  });
}

const readText = (name) => readFileSync(join(sources, name), "utf8");

async function make(folder, hash, progress) {
  try {
    await place(folder, async (partial) => {
      const go = await findGo();
      await build(go, join(partial, "kubebox"), progress);
      return ["name: kubebox", `version: ${hash}`, "from: test/kubernetes/kubebox", `by: ${go.program}`];
    });
  } catch (error) {
    throw new Problem("cannot build kubebox, the Kubernetes API server of the tests", {
      cause: error.message,
      fix: "install Go 1.26 or newer and see that it reaches its modules (behind a proxy: HTTPS_PROXY), or set BINNACLE_KUBEBOX to the path of a kubebox built elsewhere",
    });
  }
  return `Kubernetes ${/k8s\.io\/kubernetes (v\S+)/.exec(readText("go.mod"))[1]}`;
}

const sourcesHash = () => hashOf(...sourceFiles().flat()).slice(0, 12);

export const kubeboxFolder = () => join(cacheFolder(), `kubebox-${sourcesHash()}`);

/** {BINNACLE_KUBEBOX: path}. Builds it when the cache does not have it: the first time 13 minutes of a processor. */
export async function findKubebox() {
  const named = process.env[program.variable] && findInstalled(program, ">=0");
  if (named) return { [program.variable]: named };
  const folder = kubeboxFolder();
  if (!isComplete(folder)) {
    await step("kubebox", (progress) => {
      progress("built once; about 10 minutes on 2 processors");
      return make(folder, sourcesHash(), progress);
    });
  }
  return { [program.variable]: join(folder, "kubebox") };
}
