import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Server as TlsServer } from "node:tls";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";

/** The first byte of a TLS connection: content type handshake (RFC 8446 §5.1). No HTTP method begins with it. */
const HANDSHAKE = 0x16;
/** Milliseconds in which a connection has to say something. */
const FIRST_BYTE = 10_000;

/**
 * Lets an HTTP server take TLS on the same port: a connection that begins with a handshake goes through `secure`, which
 * must not listen itself; what comes out of it is served by `server` like any other (node:http and node:tls document
 * that `connection` may be emitted to hand a stream over). Dispose of it when the server is about to close: connections
 * that it does not know yet would keep it open; those in TLS have `drain` milliseconds left.
 */
export function acceptTls(server: Server, secure: TlsServer, drain: number, log: Logger): Disposable {
  const listeners = server.listeners("connection");
  const silent = new Set<Socket>();
  const encrypted = new Set<Socket>();
  let closing = false;
  server.removeAllListeners("connection");
  const serve = (stream: Duplex): void => {
    for (const listener of listeners) Reflect.apply(listener, server, [stream]);
  };
  secure.on("secureConnection", serve);
  secure.on("tlsClientError", (error) => log.debug("TLS handshake failed", { error: errorMessage(error) }));
  server.on("connection", (socket: Socket) => {
    const giveUp = (): void => void socket.destroy();
    if (closing) return giveUp();
    silent.add(socket);
    socket.once("close", () => {
      silent.delete(socket);
      encrypted.delete(socket);
    });
    socket.setTimeout(FIRST_BYTE, giveUp);
    socket.on("error", giveUp);
    socket.once("readable", () => {
      const first: unknown = socket.read(1);
      if (!Buffer.isBuffer(first)) return giveUp();
      silent.delete(socket);
      socket.setTimeout(0);
      socket.off("timeout", giveUp);
      socket.unshift(first);
      if (first[0] === HANDSHAKE) {
        encrypted.add(socket);
        secure.emit("connection", socket);
      } else {
        socket.off("error", giveUp);
        serve(socket);
      }
    });
  });
  return {
    [Symbol.dispose]: () => {
      closing = true;
      for (const socket of silent) socket.destroy();
      setTimeout(() => {
        for (const socket of encrypted) socket.destroy();
      }, drain).unref();
    },
  };
}
