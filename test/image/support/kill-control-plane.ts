import type { Container } from "./container.ts";

/** The control plane runs its script; the first process, which keeps it, and Envoy do not. */
const SCRIPT = `const { readdirSync, readFileSync } = require("node:fs");
const commandOf = (pid) => readFileSync("/proc/" + pid + "/cmdline", "utf8").split("\\0");
const isIt = (pid) => commandOf(pid)[0].endsWith("/node") && commandOf(pid).includes("/opt/binnacle/src/cli.ts");
process.kill(Number(readdirSync("/proc").find((name) => Number(name) > 1 && isIt(name))), "SIGKILL");`;

/** SIGKILL for the control plane in a container of the image, and for nothing else in it. */
export async function killControlPlane(container: Container): Promise<void> {
  const { code, output } = await container.exec("node", "-e", SCRIPT);
  if (code !== 0) throw new Error(`the control plane could not be killed: ${output}`);
}
