import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import type { ControlPlane } from "../../../src/control-plane.ts";
import { LastAnswers } from "../../../src/main/last-answers.ts";
import { WantedNames } from "../../../src/main/wanted-names.ts";
import { DnsClient } from "#dns/dns-client.ts";
import { resolveHost } from "#dns/resolve-host.ts";
import type { DnsServerAddress } from "#dns/server-address.ts";
import { bootstrap } from "#envoy/bootstrap.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import { silentLogger } from "#lib/log.ts";
import { formatProblem } from "#lib/problem.ts";
import { parseYaml } from "#lib/yaml.ts";
import { setTimer } from "#lib/set-timer.ts";
import type { ObjectRef } from "#resources/ref.ts";
import { validate } from "#resources/validate.ts";
import { type Archive, MemoryArchive } from "#store/archive.ts";
import type { SourceChange } from "#store/changes.ts";
import type { ListenerSettings, TranslateSettings } from "#translate/settings.ts";
import { XdsServer, type XdsServerEvents } from "#xds/server.ts";
import { freePorts } from "./free-port.ts";
import { type HttpAnswer, httpGet, type HttpOptions, type HttpTls } from "./http-get.ts";
import { requiredBinary } from "./required-binary.ts";
import { temporaryDirectory } from "./temp-dir.ts";
import { until } from "./until.ts";
import { controlPlaneForTests } from "../../../src/main/control-plane-for-tests.ts";

export interface GatewayOptions {
  readonly settings?: Partial<TranslateSettings>;
  readonly listeners?: readonly Partial<ListenerSettings>[];
  readonly events?: XdsServerEvents;
  readonly archive?: Archive;
  readonly mostBorrowed?: number;
  /** Where names are asked for; the hosts file alone unless given. */
  readonly dns?: DnsServerAddress;
  /** A line of JSON in Envoy's log for each request: {@link Gateway.requestLines}. */
  readonly logRequests?: true;
}

/** The control plane with a real Envoy behind it, in this process: `await using gateway = await Gateway.start();` */
export class Gateway implements AsyncDisposable {
  controlPlane: ControlPlane;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly #directory: string;
  readonly #stack: AsyncDisposableStack;
  readonly #options: GatewayOptions;
  #xds: XdsServer;
  #names: WantedNames;

  private constructor(options: GatewayOptions, ports: readonly [number, number], directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#stack = new AsyncDisposableStack();
    [this.httpPort, this.httpsPort] = ports;
    [this.controlPlane, this.#xds, this.#names] = this.#controlPlane();
  }

  static async start(options: GatewayOptions = {}): Promise<Gateway> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("gw")).path;
    const [http = 0, https = 0, stats = 0] = await freePorts(3);
    const gateway = new Gateway(options, [http, https], directory);
    stack.defer(() => gateway.#xds[Symbol.asyncDispose]());
    stack.defer(() => gateway.#names[Symbol.asyncDispose]());
    await gateway.#xds.listenUnix(gateway.#socket);
    await startEnvoy(directory, gateway.#socket, stats, stack);
    gateway.#stack.use(stack.move());
    return gateway;
  }

  /** Ends the control plane and begins another one, as after a crash: Envoy goes on, and comes back to the new one. */
  async restartControlPlane(): Promise<void> {
    await this.#names[Symbol.asyncDispose]();
    await this.#xds[Symbol.asyncDispose]();
    [this.controlPlane, this.#xds, this.#names] = this.#controlPlane();
    await this.#xds.listenUnix(this.#socket);
  }

  get #socket(): string {
    return join(this.#directory, "xds.sock");
  }

  #controlPlane(): [ControlPlane, XdsServer, WantedNames] {
    const { settings, listeners = [], archive = new MemoryArchive() } = this.#options;
    const controlPlane = controlPlaneForTests({
      translate: { ...settingsFor(this.httpPort, this.httpsPort, listeners), ...settings },
      listeners: {
        streamIdleTimeout: 300_000,
        accessLog: this.#options.logRequests ? { slowThreshold: 10_000, stdout: "json" } : undefined,
      },
      archive,
      setTimer,
    });
    const { snapshot } = controlPlane;
    const client = new DnsClient({
      timeout: 1_000,
      servers: this.#options.dns === undefined ? [] : [this.#options.dns],
    });
    const names = new WantedNames({
      controlPlane,
      resolve: (host, signal) => resolveHost(client, host, signal),
      times: { minimumTtl: 20, maximumTtl: 20, retry: { least: 20, most: 20 } },
      last: new LastAnswers(join(this.#directory, "names.json"), Date.now, silentLogger),
      log: silentLogger,
    });
    return [controlPlane, new XdsServer({ snapshot, log: silentLogger, ...this.#options }), names];
  }

  /** Puts the objects of a YAML text into the store. Throws when one of them is not valid. */
  apply(yaml: string): void {
    this.controlPlane.store.apply(changesOf(yaml));
  }

  delete(ref: ObjectRef): void {
    this.controlPlane.store.apply([{ type: "delete", ref }]);
  }

  /** Lets Envoy have what there is and waits until it took all of it. */
  async open(): Promise<void> {
    this.controlPlane.open();
    await this.settled();
  }

  /** Resolves when Envoy has answered all that was sent and acknowledged all that is wanted, quarantined resources left out. */
  async settled(): Promise<void> {
    this.controlPlane.translateNow();
    const left = (): object => ({
      unanswered: this.#xds.unanswered().length,
      missing: this.controlPlane.snapshot.unacknowledged,
    });
    await until(left, {
      accept: (open) => Object.values(open).every((value) => value === 0),
      what: "Envoy to accept everything",
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\nEnvoy's log:\n${await this.envoyLog()}`);
    });
  }

  get(host: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    return httpGet({ port: this.httpPort }, path, { host, ...options });
  }

  /** Over TLS, with the host as server name unless `tls` says otherwise. */
  getTls(host: string, path: string, tls: Partial<HttpTls> = {}, options: HttpOptions = {}): Promise<HttpAnswer> {
    return httpGet({ port: this.httpsPort }, path, { host, tls: { servername: host, ...tls }, ...options });
  }

  /** The serial number of the certificate that a handshake for this server name gets. */
  async certificateSerial(servername: string): Promise<string> {
    const socket = connect({ port: this.httpsPort, host: "127.0.0.1", servername, rejectUnauthorized: false });
    try {
      await once(socket, "secureConnect");
      return socket.getPeerCertificate().serialNumber;
    } finally {
      socket.destroy();
    }
  }

  /** An answer of Envoy's admin interface. */
  async admin(path: string): Promise<string> {
    return (await httpGet({ socketPath: join(this.#directory, "admin.sock") }, path)).body;
  }

  async envoyLog(): Promise<string> {
    return (await readFile(join(this.#directory, "envoy.log"), "utf8")).split("\n").slice(-400).join("\n");
  }

  /** What Envoy logged of requests so far, by their user agent; with `logRequests`. */
  async requestLines(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
    const log = await readFile(join(this.#directory, "envoy.log"), "utf8");
    const lines = log.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    const read = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    return new Map(read.map((line) => [String(line["userAgent"]), line]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The objects of a YAML text as changes of a source. */
export function changesOf(yaml: string): readonly SourceChange[] {
  const parsed = parseYaml(yaml);
  if ("error" in parsed) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return parsed.documents
    .filter((document) => document !== null && document !== undefined)
    .map((document) => {
      const checked = validate(document, { unknownFields: "error" });
      if (checked.type !== "accepted") {
        throw new Error(
          checked.type === "refused" ? checked.problems.map(formatProblem).join("\n") : `${checked.kind} is not read`,
        );
      }
      return { type: "put", object: checked.object, origin: { file: "test.yaml" } };
    });
}

export function settingsFor(
  http: number,
  https: number,
  more: readonly Partial<ListenerSettings>[] = [],
): TranslateSettings {
  const listener = { address: "127.0.0.1", proxyProtocol: false, trustedHops: 0, service: undefined };
  return {
    listeners: [
      { ...listener, name: "http", port: http, protocol: "http" },
      { ...listener, name: "https", port: https, protocol: "https" },
      ...more.map((wishes): ListenerSettings => ({ ...listener, name: "more", port: 0, protocol: "tcp", ...wishes })),
    ],
    ingressClass: "binnacle",
    claimUnclassed: true,
    httpsRedirect: true,
    proxies: { rootNamespaces: [], permitInsecure: true },
    tls: { minimumVersion: "1.2", maximumVersion: "1.3" },
    requestTimeout: 15_000,
    connectTimeout: 2_000,
    upstreams: { allowLocal: [{ from: 1, to: 65_535 }], ownAddresses: [], externalName: true },
  };
}

async function startEnvoy(
  directory: string,
  xdsSocket: string,
  statsPort: number,
  stack: AsyncDisposableStack,
): Promise<void> {
  const adminSocket = join(directory, "admin.sock");
  const config = bootstrap({
    node: { id: "test", cluster: "test", metadata: {} },
    adminSocket,
    xds: { type: "socket", path: xdsSocket },
    accessLog: { type: "socket", path: join(directory, "als.sock") },
    stats: { address: "127.0.0.1", port: statsPort, matcher: statsMatcher(), histogramBuckets: [], tags: [] },
    limits: { maxHeapBytes: 1024 ** 3, maxConnections: 10_000 },
  });
  const file = join(directory, "envoy.json");
  await writeFile(file, JSON.stringify(config));
  const log = createWriteStream(join(directory, "envoy.log"));
  await once(log, "open");
  const envoy = spawn(
    requiredBinary("BINNACLE_ENVOY"),
    ["-c", file, "--use-dynamic-base-id", "--concurrency", "1"].concat(
      ["-l", process.env["ENVOY_LOG"] ?? "info"],
      ["--file-flush-interval-msec", "100"],
    ),
    {
      stdio: ["ignore", log, log],
    },
  );
  const exited = once(envoy, "exit");
  stack.defer(async () => {
    envoy.kill("SIGKILL");
    await exited;
    log.close();
  });
  await until(() => httpGet({ socketPath: adminSocket }, "/server_info"), { what: "Envoy's admin interface" });
}
