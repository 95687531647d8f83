import { once } from "node:events";
import { createServer } from "node:net";
import { hostPort } from "#lib/host-port.ts";
import { errorMessage } from "#lib/error-message.ts";
import { type PortHolder, portHolder } from "./port-holder.ts";
import { hasCode } from "#lib/error-code.ts";

/** A TCP port that a component of ours is about to listen on. */
export interface ClaimedPort {
  readonly address: string;
  readonly port: number;
  /** Path of the setting that changes it, for the error. */
  readonly setting: string;
}

/** A component cannot listen where its settings say. The message says why, and which setting to change. */
export class PortUnavailableError extends Error {
  override readonly name = "PortUnavailableError";
}

/**
 * Tries each port by listening on it for a moment. Throws {@link PortUnavailableError} for the first that cannot be had,
 * so that a clash is told before a component starts, in our words and with the other process's name. Those that process
 * `predecessor` holds are passed over: it will hand them on.
 */
export async function requireFreePorts(
  component: string,
  ports: readonly ClaimedPort[],
  predecessor?: number,
): Promise<void> {
  for (const claimed of ports) {
    if (predecessor !== undefined && portHolder(claimed.address, claimed.port)?.pid === predecessor) continue;
    try {
      await tryToListen(claimed);
    } catch (cause) {
      const where = `${component} cannot listen on ${hostPort(claimed.address, claimed.port)}`;
      throw new PortUnavailableError(`${where}: ${reason(claimed, cause)}`, { cause });
    }
  }
}

async function tryToListen({ address, port }: ClaimedPort): Promise<void> {
  const server = createServer().listen({ host: address, port, exclusive: true });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

function reason(claimed: ClaimedPort, error: unknown): string {
  const { address, port, setting } = claimed;
  if (hasCode(error, "EADDRINUSE")) {
    return `${holderWords(portHolder(address, port))} already does; stop it, or choose another port with ${setting}`;
  }
  if (hasCode(error, "EACCES")) {
    return `ports below 1024 need the capability CAP_NET_BIND_SERVICE; choose a higher one with ${setting}`;
  }
  if (hasCode(error, "EADDRNOTAVAIL")) return `this machine has no such address; change it with ${setting}`;
  return `${errorMessage(error)}; it is set by ${setting}`;
}

function holderWords(holder: PortHolder | undefined): string {
  if (holder?.pid === undefined) return "a process of another user";
  return `process ${holder.pid}${holder.command === undefined ? "" : ` (${holder.command})`}`;
}
