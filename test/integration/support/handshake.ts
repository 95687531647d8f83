import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTls, type ConnectionOptions, type PeerCertificate } from "node:tls";
import { listeningPort } from "./free-port.ts";

/** What came of a handshake: the common name of the server's certificate, or why there is none. */
export type Handshake = { readonly name: string; readonly protocol: string } | { readonly error: string };

/** One handshake with a port of this machine, and nothing after it. Without `servername` none is sent. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(30_000) });
    return { name: socket.getPeerCertificate().subject.CN?.toString() ?? "", protocol: socket.getProtocol() ?? "" };
  } catch (error) {
    return { error: error instanceof Error && "code" in error ? String(error.code) : String(error) };
  } finally {
    socket.destroy();
  }
}

/** The certificate of a handshake that checks its chain and name against an authority (PEM). Throws where it fails. */
export async function trustedPeer(port: number, servername: string, ca: string): Promise<PeerCertificate> {
  const socket = connectTls({ port, host: "127.0.0.1", servername, ca });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(30_000) });
    return socket.getPeerCertificate();
  } finally {
    socket.destroy();
  }
}

/** A ClientHello with these very bytes as server name, which no client library would send. Resolves when it is answered or closed. */
export async function oddHandshake(port: number, serverName: Uint8Array): Promise<"answered" | "closed"> {
  const placeholder = "q".repeat(serverName.length);
  const hello = await clientHello(placeholder);
  // RFC 6066 §3: the type host_name, two bytes of length, the name.
  const entry = Buffer.concat([Buffer.from([0, 0, placeholder.length]), Buffer.from(placeholder)]);
  hello.set(serverName, hello.indexOf(entry) + 3);
  const socket = connect(port, "127.0.0.1");
  try {
    return await new Promise((resolve, reject) => {
      socket.once("connect", () => socket.write(hello));
      socket.once("data", () => resolve("answered"));
      // With or without an error (a reset): closed is closed.
      socket.once("error", () => undefined).once("close", () => resolve("closed"));
      socket.setTimeout(30_000, () => reject(new Error("neither an answer nor an end")));
    });
  } finally {
    socket.destroy();
  }
}

async function clientHello(serverName: string): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connectTls({ port: listeningPort(server), host: "127.0.0.1", servername: serverName });
  client.on("error", () => undefined);
  try {
    const [socket] = (await once(server, "connection")) as [ReturnType<typeof connect>];
    const [hello] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return hello;
  } finally {
    client.destroy();
    server.close();
  }
}
