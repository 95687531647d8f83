import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { freePorts, listeningPort } from "./support/free-port.ts";
import { Gateway } from "./support/gateway.ts";
import { ingress, service, together } from "./support/manifests.ts";
import { rawHttp } from "./support/raw-http.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

/** PROXY protocol version 2, TCP over IPv4 (haproxy's proxy-protocol.txt §2.2). */
function proxyV2(source: string, port: number): Buffer {
  const header = Buffer.from("0d0a0d0a000d0a515549540a2111000c", "hex");
  const addresses = Buffer.from([...source.split(".").map(Number), 10, 0, 0, 1]);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(port, 0);
  ports.writeUInt16BE(80, 2);
  return Buffer.concat([header, addresses, ports]);
}

suite("listeners", () => {
  const stack = new AsyncDisposableStack();
  let gateway: Gateway;
  let upstream: Upstream;
  let greeter: Server;
  let ports: Readonly<Record<"tcp" | "udp" | "proxied" | "hop" | "tcpProxied" | "gone", number>>;
  const tcp = (port: number, service: string, more: object = {}): object => ({
    port,
    protocol: "tcp",
    service: { namespace: "team", name: service, port: "http" },
    ...more,
  });

  before(async () => {
    upstream = stack.use(await Upstream.start());
    greeter = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end(`hello from ${String(socket.remoteFamily)}\n`);
    }).listen(0, "127.0.0.1");
    await once(greeter, "listening");
    stack.defer(() => void greeter.close());
    const [tcpPort = 0, udp = 0, proxied = 0, hop = 0, tcpProxied = 0, gone = 0] = await freePorts(6);
    ports = { tcp: tcpPort, udp, proxied, hop, tcpProxied, gone };
    gateway = stack.use(
      await Gateway.start({
        listeners: [
          { name: "tcp", ...tcp(tcpPort, "greeter") },
          { name: "tcp-proxied", ...tcp(tcpProxied, "greeter", { proxyProtocol: true }) },
          { name: "gone", ...tcp(gone, "later") },
          { name: "udp", port: udp, protocol: "udp", service: { namespace: "team", name: "dns", port: 53 } },
          { name: "proxied", port: proxied, protocol: "http", proxyProtocol: true },
          { name: "hop", port: hop, protocol: "http", trustedHops: 1 },
        ],
      }),
    );
    gateway.apply(
      together(
        service("team", "shop", [upstream]),
        ingress("team", "shop", "shop.test", "shop"),
        service("team", "greeter", [{ host: "127.0.0.1", port: listeningPort(greeter) }]),
      ),
    );
    await gateway.open();
  });
  after(() => stack.disposeAsync());

  const read = async (port: number, first?: string | Buffer): Promise<string> => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    if (first !== undefined) socket.write(first);
    return text(socket).catch(() => "");
  };
  /** What the upstream was told of where a request came from, and what Envoy makes of it. */
  const origin = async (port: number, prefix: string | Buffer, forwarded?: string): Promise<readonly unknown[]> => {
    const lines = ["GET / HTTP/1.1", "host: shop.test", "connection: close"];
    if (forwarded !== undefined) lines.push(`x-forwarded-for: ${forwarded}`);
    const { status } = await rawHttp(
      port,
      Buffer.concat([Buffer.from(prefix), Buffer.from(`${lines.join("\r\n")}\r\n\r\n`)]),
    );
    if (status !== 200) return [status];
    const headers = upstream.requests.at(-1)?.headers ?? {};
    return [status, headers["x-forwarded-for"], headers["x-envoy-external-address"]];
  };

  test("TCP goes to its Service", async () => {
    assert.equal(await read(ports.tcp), "hello from IPv4\n");
  });

  test("TCP without a Service closes the connection; the Service may come later, and go", async () => {
    assert.equal(await read(ports.gone), "");
    gateway.apply(service("team", "later", [{ host: "127.0.0.1", port: listeningPort(greeter) }]));
    await gateway.settled();
    await until(() => read(ports.gone), { accept: (answer) => answer === "hello from IPv4\n" });
    gateway.delete({ kind: "Service", namespace: "team", name: "later" });
    await gateway.settled();
    await until(() => read(ports.gone), { accept: (answer) => answer === "" });
  });

  test("UDP goes to its Service, and comes back", async () => {
    const echo = createSocket("udp4");
    stack.defer(() => void echo.close());
    echo.on("message", (message, { port, address }) => echo.send(`echo ${message.toString()}`, port, address));
    echo.bind(0, "127.0.0.1");
    await once(echo, "listening");
    gateway.apply(
      together(
        `{ apiVersion: v1, kind: Service, metadata: { name: dns, namespace: team }, spec: { ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53 }] } }`,
        JSON.stringify({
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: { name: "dns-1", namespace: "team", labels: { "kubernetes.io/service-name": "dns" } },
          addressType: "IPv4",
          ports: [
            { name: "dns", port: echo.address().port, protocol: "UDP" },
            { name: "dns-tcp", port: 9 },
          ],
          endpoints: [{ addresses: ["127.0.0.1"] }],
        }),
      ),
    );
    await gateway.settled();
    const client = createSocket("udp4");
    stack.defer(() => void client.close());
    // A datagram that is sent before the listener is changed is nobody's: it is sent until one comes back.
    const answered = once(client, "message");
    const again = setInterval(() => client.send("question", ports.udp, "127.0.0.1"), 20);
    const [answer] = (await answered.finally(() => clearInterval(again))) as [Buffer];
    assert.equal(answer.toString(), "echo question");
  });

  test("PROXY protocol, both versions: the client is who the proxy says it is", async () => {
    const forwarded = "203.0.113.9";
    for (const prefix of [`PROXY TCP4 ${forwarded} 10.0.0.1 4711 80\r\n`, proxyV2(forwarded, 4711)])
      assert.deepEqual(await origin(ports.proxied, prefix), [200, forwarded, forwarded]);
    assert.deepEqual(await origin(ports.proxied, proxyV2(forwarded, 1), "198.51.100.1"), [
      200,
      `198.51.100.1,${forwarded}`,
      forwarded,
    ]);
  });

  test("PROXY protocol before TCP is taken off", async () => {
    assert.equal(await read(ports.tcpProxied, "PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n"), "hello from IPv4\n");
  });

  test("without the PROXY header that a listener expects there is no answer", async () => {
    assert.deepEqual(await origin(ports.proxied, ""), [0]);
  });

  test("a PROXY header where none is expected is a bad request", async () => {
    assert.deepEqual(await origin(gateway.httpPort, "PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n"), [400]);
  });

  test("with one trusted hop the client is who that proxy wrote last into X-Forwarded-For", async () => {
    const [status, , client] = await origin(ports.hop, "", "198.51.100.1, 203.0.113.9");
    assert.deepEqual([status, client], [200, "203.0.113.9"]);
    const [, , spoofed] = await origin(gateway.httpPort, "", "198.51.100.1, 203.0.113.9");
    assert.equal(spoofed, "127.0.0.1");
  });
});
