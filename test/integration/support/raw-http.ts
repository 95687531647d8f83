import { connect } from "node:net";

export interface RawAnswer {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly text: string;
}

/** Sends these very bytes and reads until the other end closes, or until `enough` says so. */
export function rawHttp(
  port: number,
  bytes: string | Uint8Array,
  enough: (text: string) => boolean = (text) => text.includes("\r\n\r\n"),
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const end = (): void => {
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    };
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
      if (enough(text)) end();
    });
    socket.once("close", end).once("error", () => undefined);
    socket.setTimeout(60_000, () => {
      socket.destroy();
      reject(new Error(`the connection is neither answered nor closed: ${JSON.stringify(text)}`));
    });
  });
}
