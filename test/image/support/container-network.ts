import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { runTool, type Tool } from "./tool.ts";

const ip: Tool = { command: "ip", env: process.env };
const nsenter: Tool = { command: "nsenter", env: process.env };

/** A network namespace for containers, with a loopback of its own, and where it has an address, a way to it from here. */
export interface ContainerNetwork extends AsyncDisposable {
  /** Of the namespace, for a runtime and for nsenter. */
  readonly path: string;
}

/**
 * Makes one: `await using network = await containerNetwork();`. With `address` (IPv4) it is reached there from the namespace
 * that the test runs in, and reaches what listens in that. It ends with the test, also with one that is killed.
 */
export async function containerNetwork(address?: string): Promise<ContainerNetwork> {
  // As the pause container of a Pod: it only holds the namespace, and ends with the pipe to it, that is with us.
  const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    // It answers once it is in its namespace.
    holder.stdin.write("there?");
    await Promise.race([once(holder.stdout, "data"), failure(holder)]);
    const path = `/proc/${holder.pid}/ns/net`;
    const inside = (...args: readonly string[]): Promise<string> => runTool(nsenter, `--net=${path}`, "ip", ...args);
    await inside("link", "set", "lo", "up");
    if (address !== undefined) await connect(address, String(holder.pid), inside);
    return { path, [Symbol.asyncDispose]: () => end(holder) };
  } catch (error) {
    await end(holder);
    throw error;
  }
}

/** A pair of interfaces, as every network plug-in makes them, and a route at each end. */
async function connect(
  address: string,
  pid: string,
  inside: (...args: readonly string[]) => Promise<string>,
): Promise<void> {
  const outer = `pod${pid}`;
  await runTool(ip, "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", pid);
  await runTool(ip, "link", "set", outer, "up");
  // The whole network of Pods is this namespace's own (setup/own-network.mjs): one address of it is not, by a longer prefix there.
  const here = address.replace(/\d+$/, "1");
  await runTool(ip, "route", "add", "unicast", `${address}/32`, "dev", outer, "src", here, "table", "local");
  await inside("address", "add", `${address}/32`, "dev", "eth0");
  await inside("link", "set", "eth0", "up");
  await inside("route", "add", "default", "dev", "eth0");
}

async function failure(holder: ChildProcess): Promise<never> {
  const [code] = (await once(holder, "exit")) as [number | null];
  throw new Error(`no network namespace can be made here (unshare ended with ${code}): containers need root`);
}

async function end(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const ended = once(holder, "exit");
  holder.stdin?.end();
  await ended;
}
