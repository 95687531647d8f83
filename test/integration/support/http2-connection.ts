import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";

/** An HTTP/2 connection for one server name, on which any host is asked for. */
export class Http2Connection implements AsyncDisposable {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async open(port: number, servername: string): Promise<Http2Connection> {
    const session = connect(`https://127.0.0.1:${port}`, { servername, rejectUnauthorized: false });
    await once(session, "connect");
    return new Http2Connection(session);
  }

  async status(host: string): Promise<number> {
    const stream = this.#session.request({ ":path": "/", ":authority": host });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    stream.resume();
    await once(stream, "close");
    return Number(headers[":status"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session.destroyed) return;
    const closed = once(this.#session, "close");
    this.#session.destroy();
    await closed;
  }
}
