import { once } from "node:events";
import { WebSocket } from "ws";

/** Open views of the live traffic, as browsers have them: each subscribes to everything and reads what comes. */
export class LiveViewers implements Disposable {
  readonly #sockets: readonly WebSocket[];
  #bytes = 0;

  private constructor(sockets: readonly WebSocket[]) {
    this.#sockets = sockets;
    for (const socket of sockets) {
      socket.on("message", (data: Buffer) => (this.#bytes += data.length));
    }
  }

  /** @param api where it is, with the token that opens it */
  static async open(count: number, api: { readonly url: string; readonly token: string }): Promise<LiveViewers> {
    const url = `${api.url.replace(/^http/, "ws")}/api/v1/traffic`;
    const headers = { authorization: `Bearer ${api.token}` };
    const sockets = Array.from({ length: count }, () => new WebSocket(url, { headers }));
    const viewers = new LiveViewers(sockets);
    await Promise.all(sockets.map((socket) => once(socket, "open")));
    for (const socket of sockets) socket.send('{"type":"subscribe"}');
    return viewers;
  }

  /** How many are open still. */
  get open(): number {
    return this.#sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /** What all of them have been sent. */
  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}
