import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { DnsError } from "./dns-error.ts";
import type { DnsServerAddress } from "./server-address.ts";

/** What a message from the server is worth: a value ends the exchange, undefined lets it wait for the next. */
type Read<T> = (message: Uint8Array) => T | undefined;

/**
 * Sends a message and waits for its answer, by one packet each way. The port it comes from is a new one each time, and only the
 * server's packets are taken: what one who does not see the question would have to guess.
 */
export function exchangeByUdp<T>(
  message: Uint8Array,
  { address, port }: DnsServerAddress,
  read: Read<T>,
  signal: AbortSignal,
): Promise<T> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  return settle<T>(
    signal,
    () => socket.close(),
    (resolve, reject) => {
      socket.on("error", (error) => reject(unreachable(error)));
      socket.on("message", (answer) => attempt(() => read(answer), resolve, reject));
      socket.on("connect", () => socket.send(message));
      // Without a callback: one would be called with the error, too, where there is no way to the server.
      socket.connect(port, address);
    },
  );
}

/** The same over a connection, for answers of any length (RFC 7766): each message has its length in front. */
export function exchangeByTcp<T>(
  message: Uint8Array,
  { address, port }: DnsServerAddress,
  read: Read<T>,
  signal: AbortSignal,
): Promise<T> {
  const socket = connect(port, address);
  return settle<T>(
    signal,
    () => socket.destroy(),
    (resolve, reject) => {
      let received = Buffer.alloc(0);
      socket.on("error", (error) => reject(unreachable(error)));
      socket.on("end", () => reject(new DnsError("malformed", "closed the connection before its answer was whole")));
      socket.on("data", (bytes: Buffer) => {
        received = Buffer.concat([received, bytes]);
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const end = 2 + received.readUInt16BE(0);
          const whole = received.subarray(2, end);
          received = received.subarray(end);
          attempt(() => read(whole), resolve, reject);
        }
      });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    },
  );
}

type Resolve<T> = (value: T) => void;
type Reject = (error: unknown) => void;

function attempt<T>(read: () => T | undefined, resolve: Resolve<T>, reject: Reject): void {
  try {
    const value = read();
    if (value !== undefined) resolve(value);
  } catch (error) {
    reject(error);
  }
}

/** Ends by what `begin` does, or by the signal with its reason; then closes. */
async function settle<T>(
  signal: AbortSignal,
  close: () => void,
  begin: (resolve: Resolve<T>, reject: Reject) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const stop = (): void => reject(signal.reason);
  try {
    signal.throwIfAborted();
    signal.addEventListener("abort", stop, { once: true });
    begin(resolve, reject);
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    close();
  }
}

function unreachable(cause: Error): DnsError {
  return new DnsError("unreachable", "cannot be reached", { cause });
}
