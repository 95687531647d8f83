import type { Logger } from "#lib/log.ts";
import { RemoteCredentials, type RemoteCredentialsOptions } from "./remote-credentials.ts";
import type { XdsServer } from "./server.ts";

export interface RemoteListenerOptions extends Omit<RemoteCredentialsOptions, "log"> {
  /** IP address to listen on. */
  readonly address: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RemoteListener extends Disposable {
  readonly port: number;
  /** For what else serves Envoys of other machines, such as the access-log service. */
  readonly credentials: RemoteCredentials;
}

/**
 * Lets Envoys of other machines connect to `server`, which ends the listener when it is disposed of. Disposing of what is
 * returned ends the watch over the files. Throws when a file cannot be used or the port is taken.
 */
export async function listenForRemoteEnvoys(
  server: XdsServer,
  options: RemoteListenerOptions,
  log: Logger,
): Promise<RemoteListener> {
  const credentials = new RemoteCredentials({ ...options, log });
  try {
    const port = await server.listenTcp(options.address, options.port, credentials.server);
    log.info("remote Envoys may connect", { address: options.address, port });
    return { port, credentials, [Symbol.dispose]: () => credentials[Symbol.dispose]() };
  } catch (error) {
    credentials[Symbol.dispose]();
    throw error;
  }
}
