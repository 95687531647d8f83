// All steps of set-up, in their order: what does not wait for another step runs beside it.
import { stopChildrenOnSignal } from "./command.mjs";
import { buildConsole, consoleReady, hasConsole } from "./console.mjs";
import { debianProgram } from "./debian-program.mjs";
import { findGoPartners } from "./go-partners.mjs";
import { findKubebox } from "./kubebox.mjs";
import { buildImage } from "./image.mjs";
import { withLock } from "./lock.mjs";
import { checkMachine } from "./machine.mjs";
import { namedFolders } from "./named-folders.mjs";
import { nodePath } from "./node.mjs";
import { sweepOldVersions } from "./old-versions.mjs";
import { ensurePackages, packagesReady } from "./packages.mjs";
import { cacheFolder, childEnvironment, inRoot } from "./paths.mjs";
import { findPrograms, forgetUnavailable } from "./programs.mjs";
import { describe, Problem } from "./problem.mjs";
import { fail, say, step, waitingFor } from "./progress.mjs";
import { generateProtos, protosReady } from "./protos.mjs";
import { findPythonBed, motoBed, openstackBed } from "./python-bed.mjs";
import { sweep } from "./temporary.mjs";

const consoleNeeded = (needs) => needs.console && hasConsole() && !consoleReady();

async function writeCheckout(needs) {
  await ensurePackages();
  if (!protosReady()) await step("Envoy's messages", () => generateProtos(nodePath()));
  if (!consoleNeeded(needs)) return;
  try {
    await step("console", () => buildConsole(nodePath()));
  } catch (error) {
    // One who works on the console may run the other tests meanwhile.
    if (needs.console === "required") throw error;
    say(`${describe(error)}\n  going on without it`);
  }
}

/** Everything inside this checkout. Readers take no lock; whoever must write takes it and looks again. */
async function prepareCheckout(needs) {
  if (packagesReady() && protosReady() && !consoleNeeded(needs)) return;
  await withLock(inRoot("build", "setup.lock"), () => writeCheckout(needs), { onWait: waitingFor("this checkout") });
}

/** For tests that look for it where nothing can be fetched any more. */
async function fetchDebianProgram(name, path) {
  const { reason } = await debianProgram(name, path);
  if (reason) throw new Problem(`cannot get ${name}, which the tests start`, { cause: reason, fix: `install ${name}` });
  return {};
}

/** Resolves to {node, env} for handOver; prints every problem and exits when something is missing. */
export async function prepare(needs) {
  const restore = stopChildrenOnSignal();
  try {
    checkMachine();
  } catch (error) {
    fail([error]);
  }
  const programs = needs.programs ? findPrograms(needs.required) : [];
  if (needs.kubebox) programs.push(findKubebox());
  if (needs.partners) programs.push(findGoPartners(needs.partners));
  if (needs.openstack) programs.push(findPythonBed(openstackBed));
  for (const [name, path] of Object.entries(needs.debian || {})) programs.push(fetchDebianProgram(name, path));
  if (needs.moto) programs.push(findPythonBed(motoBed));
  sweep(cacheFolder());
  const results = await Promise.allSettled([prepareCheckout(needs), ...programs]);
  const errors = results.filter((result) => result.status === "rejected").map((result) => result.reason);
  if (errors.length > 0) {
    forgetUnavailable();
    fail(errors);
  }
  sweepOldVersions(cacheFolder(), namedFolders());
  const variables = Object.assign({}, ...results.map((result) => result.value));
  if (needs.image) Object.assign(variables, await buildImage(nodePath()).catch((error) => fail([error])));
  restore();
  return { node: nodePath(), env: childEnvironment(nodePath(), variables) };
}
