import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * `count` different TCP ports that nothing listens on at `host`. They are held open together and then released, so the
 * kernel does not hand out the same one twice; a listener that can take port 0 itself should rather do that.
 */
export async function freePorts(count: number, host = "127.0.0.1"): Promise<readonly number[]> {
  const servers: Server[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const server = createServer().listen(0, host);
      servers.push(server);
      await once(server, "listening");
    }
    return servers.map(listeningPort);
  } finally {
    await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  }
}

/** One TCP port that nothing listens on at `host`. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const [port] = await freePorts(1, host);
  if (port === undefined) throw new Error("the kernel gave no free port");
  return port;
}

/** The port a TCP server listens on. Throws when it does not. */
export function listeningPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("this server listens on no TCP port");
  return address.port;
}
