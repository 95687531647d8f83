import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { ControlPlane } from "../../src/control-plane.ts";
import { remoteEnvoyFiles, remoteEnvoyScript, type RemoteEnvoySettings } from "#envoy/remote-envoy.ts";
import { createLogger } from "#lib/log.ts";
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { MemoryArchive } from "#store/archive.ts";
import { listenForRemoteEnvoys, type RemoteListener } from "#xds/remote-listener.ts";
import { TYPE_URLS } from "#xds/resource.ts";
import { XdsServer } from "#xds/server.ts";
import { type Certificate, certificateAuthority } from "./support/certificate.ts";
import { EnvoyUnderTest } from "./support/envoy-under-test.ts";
import { freePort, freePorts } from "./support/free-port.ts";
import { changesOf, settingsFor } from "./support/gateway.ts";
import { type HttpAnswer, httpGet } from "./support/http-get.ts";
import { ingress, service } from "./support/manifests.ts";
import { temporaryDirectory } from "./support/temp-dir.ts";
import { until } from "./support/until.ts";
import { Upstream } from "./support/upstream.ts";

test("an Envoy of another machine is served, and goes on through a renewal of the control plane's certificate", async () => {
  await using remote = await Remote.start();
  await using envoy = await remote.envoy("edge-1");
  await until(() => remote.get("shop.test"), { accept: ({ body }) => body === "shop", what: "the first answer" });
  assert.deepEqual(remote.clients, ["edge-1"]);

  const renewed = remote.authority.issue(["control.test", "renewed.test"]);
  assert.doesNotMatch(await remote.serverNames(), /renewed/);
  remote.writeCertificate(renewed);
  await remote.logged(/certificate for remote Envoys was renewed/);
  assert.match(await remote.serverNames(), /renewed\.test/, "the next connection has it");
  remote.apply(ingress("team-shop", "late", "late.test", "shop"));
  await until(() => remote.get("late.test"), {
    accept: ({ body }) => body === "shop",
    what: "a change on the open stream",
  });
  assert.deepEqual(remote.history, ["+edge-1"], "the stream went on");

  await envoy.kill();
  await envoy.launch();
  await until(() => remote.get("shop.test"), { accept: ({ body }) => body === "shop", what: "a new connection" });
});

test("who has no certificate, one of another authority, or an old TLS does not come in", async () => {
  await using remote = await Remote.start();
  const stranger = certificateAuthority("stranger").issue(["edge-1"]);
  const good = remote.authority.issue(["edge-1"]);
  assert.equal(await remote.handshake(good), "TLSv1.3");
  assert.equal(await remote.handshake({ ...good, maxVersion: "TLSv1.2" }), "TLSv1.2");
  await assert.rejects(
    remote.handshake({ ...good, minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }),
    /protocol|version/i,
  );
  await assert.rejects(
    remote.handshake({}),
    /certificate required|handshake failure|ECONNRESET|closed the connection/i,
  );
  await assert.rejects(remote.handshake(stranger), /unknown ca|ECONNRESET|closed the connection/i);

  await using refused = await remote.envoy("edge-2", stranger);
  await until(() => refused.stat("cluster.binnacle_xds.upstream_cx_destroy_remote_with_active_rq"), {
    what: "the refusal",
  });
  assert.equal(await refused.stat("control_plane.connected_state"), 0);
  assert.deepEqual(remote.history, []);
});

test("with a list of names, only certificates with one of them come in", async () => {
  await using remote = await Remote.start({ allowedNames: ["EDGE-1.test"] });
  await using stranger = await remote.envoy("edge-2", remote.authority.issue(["edge-2.test"]));
  await until(() => stranger.log.includes("closed: 7, certificate_name_not_allowed"), {
    what: "the reason in Envoy's log",
  });
  await remote.logged(/no name of its certificate is among the allowed ones .*names=edge-2\.test/);
  await using _ = await remote.envoy("edge-1", remote.authority.issue(["other.test", "edge-1.test"]));
  await until(() => remote.get("shop.test"), { accept: ({ body }) => body === "shop", what: "the first answer" });
  assert.deepEqual(remote.clients, ["edge-1"]);
});

test("a withdrawn authority lets nobody new in", async () => {
  await using remote = await Remote.start();
  const good = remote.authority.issue(["edge-1"]);
  await remote.handshake(good);
  const next = certificateAuthority("next");
  remote.writeClientCa(next);
  await remote.logged(/was renewed/);
  await assert.rejects(remote.handshake(good), /unknown ca|ECONNRESET|closed the connection/i);
  await remote.handshake(next.issue(["edge-1"]));
});

test("files that cannot be used are told, and those before go on", async () => {
  await using remote = await Remote.start();
  remote.writeCertificate({ cert: remote.authority.issue(["control.test"]).cert, key: "no key\n" });
  await remote.logged(/those before go on.*key\.pem holds no private key/);
  await remote.handshake(remote.authority.issue(["edge-1"]));
});

test("a start with files that cannot be used, or on a port that is taken, says why", async () => {
  await using remote = await Remote.start();
  await assert.rejects(remote.listenAgain(remote.port), /could not listen for xDS on 127\.0\.0\.1:\d+/);
  remote.writeCertificate({ ...remote.authority.issue(["control.test"]), key: remote.authority.issue(["x"]).key });
  await assert.rejects(remote.listenAgain(0), /does not belong to the first certificate/);
});

test("two Envoys get the same, and a client that does not read holds up neither", async () => {
  await using remote = await Remote.start();
  using stuck = remote.stuckClient();
  await stuck.begun;
  await using first = await remote.envoy("edge-1");
  await using second = await remote.envoy("edge-2", remote.authority.issue(["edge-2"]));
  await until(() => remote.clients, { accept: ({ length }) => length === 3, what: "three clients" });
  // Larger than what the stuck one's connection takes.
  for (let change = 1; change <= 20; change++) {
    remote.apply(service("team-shop", "shop", manyTargets(change)));
    await until(async () => Promise.all([members(first), members(second)]), {
      accept: ([a, b]) => a === change * 100 && b === change * 100,
      what: `change ${change} in both`,
    });
  }
  assert.deepEqual(await configuration(first), await configuration(second));
  assert.ok(stuck.unread, "it has not read what the others have");
});

/** Targets that nobody connects to: TEST-NET-1. */
function manyTargets(hundreds: number): readonly { host: string; port: number }[] {
  return Array.from({ length: hundreds * 100 }, (_, index) => ({
    host: `192.0.2.${index % 250}`,
    port: 1_000 + Math.floor(index / 250),
  }));
}

function members(envoy: EnvoyUnderTest): Promise<number> {
  return envoy.stat("cluster.local/team-shop/shop/80.membership_total");
}

/** Versions by name of all that came over the stream. */
async function configuration(envoy: EnvoyUnderTest): Promise<unknown> {
  const dump: unknown = JSON.parse(await envoy.admin("/config_dump?include_eds"));
  const versions: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("version_info" in value)
      versions.push(JSON.stringify(value, (key, inner: unknown) => (key === "last_updated" ? undefined : inner)));
    else for (const inner of Object.values(value)) walk(inner);
  };
  walk(dump);
  assert.ok(versions.length > 3, "there is a configuration to compare");
  return versions.toSorted();
}

/** The control plane with a listener for remote Envoys, and machines for those. */
class Remote implements AsyncDisposable {
  readonly authority = certificateAuthority();
  readonly log: string[] = [];
  /** Envoys by id as they came and went. */
  readonly history: string[] = [];
  readonly #controlPlane: ControlPlane;
  readonly #directory: string;
  readonly #httpPort: number;
  readonly #stack = new AsyncDisposableStack();
  readonly #server: XdsServer;
  #listener: RemoteListener | undefined;

  private constructor(directory: string, httpPort: number, httpsPort: number) {
    this.#directory = directory;
    this.#httpPort = httpPort;
    this.#controlPlane = new ControlPlane({
      translate: settingsFor(httpPort, httpsPort),
      listeners: { streamIdleTimeout: 300_000, accessLog: undefined },
      archive: new MemoryArchive(),
      now: Date.now,
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

  static async start(options: { readonly allowedNames?: readonly string[] } = {}): Promise<Remote> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("remote"));
    const shop = stack.use(await Upstream.start({ respond: () => ({ body: "shop" }) }));
    const [http = 0, https = 0] = await freePorts(2);
    const own = new Remote(directory.path, http, https);
    own.apply(`${service("team-shop", "shop", [shop])}---\n${ingress("team-shop", "shop", "shop.test", "shop")}`);
    own.#controlPlane.open();
    mkdirSync(own.#path("server"));
    own.writeClientCa(own.authority);
    own.writeCertificate(own.authority.issue(["control.test"]));
    own.#listener = stack.use(await own.listenAgain(0, options.allowedNames));
    stack.use(own.#server);
    own.#stack.use(stack.move());
    return own;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get clients(): readonly string[] {
    return this.#server.clients.map(({ node }) => node).toSorted();
  }

  listenAgain(port: number, allowedNames?: readonly string[]): Promise<RemoteListener> {
    const files = {
      certificateFile: this.#path("server", "cert.pem"),
      keyFile: this.#path("server", "key.pem"),
      clientCaFile: this.#path("server", "ca.pem"),
    };
    const names = allowedNames === undefined ? {} : { allowedNames };
    return listenForRemoteEnvoys(this.#server, { ...files, ...names, address: "127.0.0.1", port }, this.#logger());
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
  async envoy(id: string, certificate: Certificate = this.authority.issue([id])): Promise<EnvoyUnderTest> {
    const settings: RemoteEnvoySettings = {
      id,
      host: "127.0.0.1",
      port: this.port,
      accessLogPort: await freePort(),
      serverName: "control.test",
      directory: this.#path(`it's ${id}`),
      runtimeDirectory: this.#path(`run-${id}`),
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

  get(host: string): Promise<HttpAnswer> {
    return httpGet({ port: this.#httpPort }, "/", { host });
  }

  /** The protocol of a handshake that both sides were content with. */
  async handshake(options: ConnectionOptions): Promise<string> {
    using connection = await this.#connect(options);
    return connection.socket.getProtocol() ?? "";
  }

  /** The names in the certificate that a new connection gets. */
  async serverNames(): Promise<string> {
    using connection = await this.#connect(this.authority.issue(["edge-9"]));
    return connection.socket.getPeerCertificate().subjectaltname ?? "";
  }

  /** A client that asks for everything and reads nothing. */
  stuckClient(): Disposable & { readonly begun: Promise<unknown>; readonly unread: boolean } {
    const { cert, key } = this.authority.issue(["stuck"]);
    const credentials = grpc.credentials.createSsl(
      Buffer.from(this.authority.cert),
      Buffer.from(key),
      Buffer.from(cert),
    );
    const client = new grpc.Client(`127.0.0.1:${this.port}`, credentials, {
      "grpc.ssl_target_name_override": "control.test",
    });
    const call = client.makeBidiStreamRequest(
      "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
      (request: DeltaDiscoveryRequest) => Buffer.from(DeltaDiscoveryRequest.encode(request).finish()),
      (bytes: Buffer) => DeltaDiscoveryResponse.decode(bytes),
    );
    call.on("error", () => {});
    for (const type of ["cluster", "endpoints"] as const) {
      const node = { id: "stuck", cluster: "", userAgentName: "" };
      const names = type === "endpoints" ? ["local/team-shop/shop/80"] : [];
      call.write(DeltaDiscoveryRequest.fromPartial({ node, typeUrl: TYPE_URLS[type], resourceNamesSubscribe: names }));
    }
    const server = this.#server;
    return {
      begun: until(() => this.history.includes("+stuck"), { what: "the stuck client" }),
      get unread() {
        return server.clients.some(({ node }) => node === "stuck") && Object.keys(server.unansweredSince()).length > 0;
      },
      [Symbol.dispose]: () => {
        call.cancel();
        client.close();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
