// All steps of set-up, in their order: what does not wait for another step runs beside it.
import { checkMachine } from "./machine.mjs";
import { buildConsole, consoleReady, hasConsole } from "./console.mjs";
import { stopChildrenOnSignal } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { nodePath } from "./node.mjs";
import { ensurePackages, packagesReady } from "./packages.mjs";
import { childEnvironment, inRoot } from "./paths.mjs";
import { findPrograms } from "./programs.mjs";
import { fail, say, step } from "./progress.mjs";
import { generateProtos, protosReady } from "./protos.mjs";

const checkoutReady = (needs) =>
  packagesReady() && protosReady() && (!needs.console || !hasConsole() || consoleReady());

/** Everything inside this checkout. Readers take no lock; whoever must write takes it and looks again. */
async function prepareCheckout(needs) {
  if (checkoutReady(needs)) return {};
  const onWait = (owner) =>
    say(`  waiting for another set-up of this checkout (process ${owner ? owner.pid : "unknown"})`);
  await withLock(
    inRoot("build", "setup.lock"),
    async () => {
      await ensurePackages();
      if (!protosReady()) await step("Envoy's messages", () => generateProtos(nodePath()));
      if (needs.console && hasConsole() && !consoleReady()) await step("console", () => buildConsole(nodePath()));
    },
    { onWait },
  );
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
  const results = await Promise.allSettled([prepareCheckout(needs), ...programs]);
  const errors = results.filter((result) => result.status === "rejected").map((result) => result.reason);
  if (errors.length > 0) fail(errors);
  restore();
  const variables = Object.assign({}, ...results.map((result) => result.value));
  return { node: nodePath(), env: childEnvironment(nodePath(), variables) };
}
