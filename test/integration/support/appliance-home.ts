import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applianceConfig, ApplianceProcess } from "./appliance-process.ts";
import { freePorts } from "./free-port.ts";
import { httpGet } from "./http-get.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temp-dir.ts";

/** A folder with the `binnacle.yaml`, the manifests and the state of an appliance, and ports that are its own. */
export class ApplianceHome implements AsyncDisposable {
  readonly path: string;
  readonly http: number;
  readonly https: number;
  readonly api: number;
  /** Of Envoy's statistics. */
  readonly stats: number;
  readonly #ports: readonly number[];
  readonly #directory: TemporaryDirectory;

  private constructor(directory: TemporaryDirectory, ports: readonly number[]) {
    this.#directory = directory;
    this.path = directory.path;
    this.#ports = ports;
    [this.http = 0, this.https = 0, this.api = 0, this.stats = 0] = ports;
  }

  /** With an empty folder `manifests`, and without a `binnacle.yaml`: {@link configure} comes next. */
  static async create(name: string): Promise<ApplianceHome> {
    const directory = await temporaryDirectory(name);
    await mkdir(join(directory.path, "manifests"));
    return new ApplianceHome(directory, await freePorts(4));
  }

  get state(): string {
    return join(this.path, "state");
  }

  /** @param file below the folder */
  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.path, file), text);
  }

  /**
   * @param settings as {@link applianceConfig} takes them
   * @param change what it says otherwise than {@link applianceConfig}
   * @param monitoring as {@link applianceConfig} takes it
   */
  configure(settings: string, change = (config: string): string => config, monitoring?: string): Promise<void> {
    return this.write("binnacle.yaml", change(applianceConfig(this.#ports, settings, monitoring)));
  }

  /** @param flags of Node */
  start(flags?: readonly string[]): ApplianceProcess {
    return new ApplianceProcess(this.path, flags);
  }

  /** Starts it, and waits until it is ready. */
  async serve(flags?: readonly string[]): Promise<ApplianceProcess> {
    const appliance = this.start(flags);
    try {
      await appliance.ready(this.api);
      return appliance;
    } catch (error) {
      await appliance[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The appliance's own credentials, as its API takes them. */
  async authorization(): Promise<string> {
    return `Bearer ${(await readFile(join(this.state, "token"), "utf8")).trim()}`;
  }

  /** The body of its API's answer to a GET, asked with its own credentials. */
  async ask(path: string): Promise<string> {
    const headers = { authorization: await this.authorization() };
    return (await httpGet({ port: this.api }, path, { host: `127.0.0.1:${this.api}`, headers })).body;
  }

  /** What Prometheus would read from it. */
  metrics(): Promise<string> {
    return this.ask("/metrics");
  }

  /** The value of a metric of a backend. */
  async metricOf(backend: string, name: string): Promise<string | undefined> {
    return new RegExp(`^${name}\\{backend="${backend}"\\} (.+)$`, "m").exec(await this.metrics())?.[1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }
}
