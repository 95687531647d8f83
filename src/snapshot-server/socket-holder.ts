import { connect, type Socket } from "node:net";

/**
 * Connects to a Unix socket and stays connected: the kernel ends the connection when the other process dies, however it
 * dies. Undefined when nobody listens there.
 */
export function socketHolder(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
    // What it says does not matter, only that it is there; unread it would fill the kernel's buffer.
    socket.resume();
  });
}
