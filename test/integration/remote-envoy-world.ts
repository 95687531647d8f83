import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { Worker } from "node:worker_threads";
import * as grpc from "@grpc/grpc-js";
import type { ControlPlane } from "../../src/control-plane.ts";
import { followStreams } from "../../src/main/follow-streams.ts";
import { remoteEnvoyFiles, remoteEnvoyScript, type RemoteEnvoySettings } from "#envoy/remote-envoy.ts";
import { createLogger } from "#lib/log.ts";
import type { FromReceiver, ReceiverWorkerData } from "#traffic/receiver-messages.ts";
import { Traffic } from "#traffic/traffic.ts";
import type { TrafficSettings } from "#traffic/traffic-settings.ts";
import type { ListenerSettings } from "#translate/settings.ts";
import { listenForRemoteEnvoys, type RemoteListener, type RemoteListenerOptions } from "#xds/remote-listener.ts";
import type { AccessLogSettings } from "#xds/resources/access-log.ts";
import { trafficRuntime } from "#xds/resources/runtime.ts";
import { type ConnectedClient, XdsServer } from "#xds/server.ts";
import { type Certificate, certificateAuthority } from "./support/certificate.ts";
import { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { freePort, freePorts } from "./support/free-port.ts";
import { changesOf, settingsFor } from "./support/gateway.ts";
import { type HttpAnswer, httpGet } from "./support/http-get.ts";
import { ingress, service } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { AccessLogClient } from "./traffic/access-log-client.ts";
import { startStuckClient } from "./support/stuck-client.ts";
import { Upstream } from "./support/upstream.ts";
import { controlPlaneForTests } from "../../src/main/control-plane-for-tests.ts";

export interface RemoteOptions {
  readonly allowedNames?: readonly string[];
  readonly listeners?: readonly Partial<ListenerSettings>[];
}

const ACCESS_LOG: AccessLogSettings = { slowThreshold: 1000, stdout: "off" };
const TRAFFIC_SETTINGS: TrafficSettings = {
  sampleShare: 1,
  entriesPerSecond: 2000,
  slowThreshold: 1000,
  keepQueryValues: false,
  retention: 900_000,
  retentionBytes: 16_000_000,
};

/** The control plane with a listener for remote Envoys, and machines for those. */
export class Remote implements AsyncDisposable {
  readonly authority = certificateAuthority();
  readonly log: string[] = [];
  /** Envoys by id as they came and went. */
  readonly history: string[] = [];
  readonly #controlPlane: ControlPlane;
  readonly #directory: string;
  readonly #httpPort: number;
  readonly #stack = new AsyncDisposableStack();
  readonly #server: XdsServer;
  readonly #allowedNames: { readonly allowedNames?: readonly string[] };
  #listener: RemoteListener | undefined;
  #traffic: Traffic | undefined;
  #accessLogPort = 0;

  private constructor(directory: string, [httpPort, httpsPort]: readonly [number, number], options: RemoteOptions) {
    this.#directory = directory;
    this.#httpPort = httpPort;
    this.#allowedNames = options.allowedNames === undefined ? {} : { allowedNames: options.allowedNames };
    this.#controlPlane = controlPlaneForTests({
      translate: settingsFor(httpPort, httpsPort, options.listeners),
      listeners: { streamIdleTimeout: 300_000, accessLog: ACCESS_LOG },
    });
    this.#server = new XdsServer({
      snapshot: this.#controlPlane.snapshot,
      log: this.#logger(),
      events: {
        connected: ({ node }) => this.history.push(`+${node}`),
        disconnected: ({ node }) => this.history.push(`-${node}`),
      },
    });
  }

  static async start(options: RemoteOptions = {}): Promise<Remote> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("remote"));
    const shop = stack.use(await Upstream.start({ respond: () => ({ body: "shop" }) }));
    const [http = 0, https = 0] = await freePorts(2);
    const own = new Remote(directory.path, [http, https], options);
    own.apply(`${service("team-shop", "shop", [shop])}---\n${ingress("team-shop", "shop", "shop.test", "shop")}`);
    own.#controlPlane.open();
    mkdirSync(own.#path("server"));
    own.writeClientCa(own.authority);
    own.writeCertificate(own.authority.issue(["control.test"]));
    own.#listener = stack.use(await own.listenAgain(0));
    stack.use(own.#server);
    own.#stack.use(stack.move());
    return own;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** As `binnacle status` shows them. */
  get connected(): readonly ConnectedClient[] {
    return this.#server.clients;
  }

  get clients(): readonly string[] {
    return this.#server.clients.map(({ node }) => node).toSorted();
  }

  listenAgain(port: number): Promise<RemoteListener> {
    return listenForRemoteEnvoys(this.#server, this.#listensAt(port), this.#logger());
  }

  /** The live traffic; the port for remote Envoys is the same again after {@link stopTraffic}. */
  async startTraffic(): Promise<void> {
    mkdirSync(this.#path("envoy"), { recursive: true });
    this.#traffic = await Traffic.start({
      accessLogSocket: this.#path("envoy", "als.sock"),
      remote: this.#listensAt(this.#accessLogPort),
      settings: TRAFFIC_SETTINGS,
      log: this.#logger(),
      onShares: (shares) => this.#controlPlane.steer(trafficRuntime(shares)),
    });
    this.#accessLogPort = this.#traffic.remotePort ?? 0;
    followStreams(this.#traffic, this.#controlPlane);
  }

  /** The thread that receives, as it is started again after it failed. Gives what it says. */
  receiverAgain(): { readonly said: FromReceiver[]; readonly worker: Worker } {
    const workerData: ReceiverWorkerData = {
      ...TRAFFIC_SETTINGS,
      socketPath: this.#path("again.sock"),
      rowsPerSecond: 100,
      remote: this.#listensAt(0),
      isFirst: false,
    };
    const said: FromReceiver[] = [];
    const worker = new Worker(new URL("../../src/traffic/receiver-worker.ts", import.meta.url), { workerData });
    worker.on("message", (message: FromReceiver) => void said.push(message));
    return { said, worker };
  }

  async stopTraffic(): Promise<void> {
    await this.#traffic?.[Symbol.asyncDispose]();
    this.#traffic = undefined;
  }

  get traffic(): Traffic {
    if (this.#traffic === undefined) throw new Error("the traffic room is not started");
    return this.#traffic;
  }

  get accessLogPort(): number {
    return this.#accessLogPort;
  }

  get httpPort(): number {
    return this.#httpPort;
  }

  /** The Envoy of this machine, over Unix sockets; its node id is `test`. */
  async local(): Promise<EnvoyUnderTest> {
    const socket = this.#path("xds.sock");
    await this.#server.listenUnix(socket);
    const envoy = await EnvoyUnderTest.start(this.#directory, socket);
    this.traffic.addEnvoy({ id: "test", openAdmin: async (path) => [Buffer.from(await envoy.admin(path))] });
    return envoy;
  }

  #listensAt(port: number): RemoteListenerOptions {
    return {
      certificateFile: this.#path("server", "cert.pem"),
      keyFile: this.#path("server", "key.pem"),
      clientCaFile: this.#path("server", "ca.pem"),
      ...this.#allowedNames,
      address: "127.0.0.1",
      port,
    };
  }

  apply(yaml: string): void {
    this.#controlPlane.store.apply(changesOf(yaml));
    this.#controlPlane.translateNow();
  }

  writeCertificate({ cert, key }: Certificate): void {
    place(this.#path("server", "key.pem"), key);
    place(this.#path("server", "cert.pem"), cert);
  }

  writeClientCa({ cert }: Certificate): void {
    place(this.#path("server", "ca.pem"), cert);
  }

  async logged(line: RegExp): Promise<void> {
    await until(() => this.log.some((said) => line.test(said)), { what: `${line} in the log` });
  }

  /** An Envoy on a machine that was prepared as an operator does it. */
  async envoy(
    id: string,
    certificate: Certificate = this.authority.issue([id]),
    machine = id,
  ): Promise<EnvoyUnderTest> {
    const settings: RemoteEnvoySettings = {
      id,
      host: "127.0.0.1",
      port: this.port,
      accessLogPort: this.#accessLogPort === 0 ? await freePort() : this.#accessLogPort,
      serverName: "control.test",
      directory: this.#path(`it's ${machine}`),
      runtimeDirectory: this.#path(`run-${machine}`),
      statsPort: await freePort(),
      limits: { maxHeapBytes: 1024 ** 3, maxConnections: 1_000 },
    };
    execFileSync("sh", ["-s"], { input: remoteEnvoyScript(settings) });
    const { bootstrap, adminSocket, tls } = remoteEnvoyFiles(settings);
    place(tls.keyFile, certificate.key);
    place(tls.certificateFile, certificate.cert);
    place(tls.caFile, this.authority.cert);
    return EnvoyUnderTest.of(bootstrap, adminSocket);
  }

  get(host: string, path = "/"): Promise<HttpAnswer> {
    return httpGet({ port: this.#httpPort }, path, { host });
  }

  /** The protocol of a handshake that both sides were content with. */
  async handshake(options: ConnectionOptions): Promise<string> {
    using connection = await this.#connect(options);
    return connection.socket.getProtocol() ?? "";
  }

  /** The names in the certificate that a new connection gets. */
  async serverNames(port = this.port): Promise<string> {
    using connection = await this.#connect({ ...this.authority.issue(["edge-9"]), port });
    return connection.socket.getPeerCertificate().subjectaltname ?? "";
  }

  /** A client that asks for everything and reads nothing. */
  stuckClient(): Disposable & { readonly begun: Promise<unknown>; readonly unread: boolean } {
    const client = startStuckClient(`127.0.0.1:${this.port}`, this.#clientCredentials("stuck"), "control.test");
    const server = this.#server;
    return {
      begun: until(() => this.history.includes("+stuck"), { what: "the stuck client" }),
      get unread() {
        return server.clients.some(({ node }) => node === "stuck") && server.unanswered().length > 0;
      },
      [Symbol.dispose]: () => client[Symbol.dispose](),
    };
  }

  /** Sends log entries as a remote Envoy does. */
  accessLogClient(): AccessLogClient {
    const address = `127.0.0.1:${this.#accessLogPort}`;
    return new AccessLogClient({ address, credentials: this.#clientCredentials("flood"), serverName: "control.test" });
  }

  #clientCredentials(name: string): grpc.ChannelCredentials {
    const { cert, key } = this.authority.issue([name]);
    return grpc.credentials.createSsl(Buffer.from(this.authority.cert), Buffer.from(key), Buffer.from(cert));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopTraffic();
    await this.#stack.disposeAsync();
  }

  /** Resolves when the server has let us in: with TLS 1.3 its refusal comes after the handshake, in the place of its settings. */
  async #connect(options: ConnectionOptions): Promise<Disposable & { readonly socket: TLSSocket }> {
    const socket = connect({
      host: "127.0.0.1",
      port: this.port,
      ca: this.authority.cert,
      servername: "control.test",
      ALPNProtocols: ["h2"],
      ...options,
    });
    await new Promise((resolve, reject) => {
      socket.once("data", resolve).once("error", reject);
      socket.once("close", () => reject(new Error("the server closed the connection")));
    });
    return { socket, [Symbol.dispose]: () => socket.destroy() };
  }

  #path(...parts: readonly string[]): string {
    return join(this.#directory, ...parts);
  }

  #logger(): ReturnType<typeof createLogger> {
    return createLogger({ level: "info", format: "text", write: (line) => this.log.push(line) });
  }
}

/** Moved into place, as a renewal should do it. */
function place(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
