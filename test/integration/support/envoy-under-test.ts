import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootstrap } from "#envoy/bootstrap.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import { freePort } from "./free-port.ts";
import { httpGet } from "./http-get.ts";
import { requiredBinary } from "./required-binary.ts";
import { until } from "./until.ts";

/** A real Envoy that can be killed and started again. */
export class EnvoyUnderTest implements AsyncDisposable {
  readonly #bootstrap: string;
  readonly #adminSocket: string;
  #process: ChildProcess | undefined;

  private constructor(bootstrap: string, adminSocket: string) {
    this.#bootstrap = bootstrap;
    this.#adminSocket = adminSocket;
  }

  /** One that gets its configuration from a Unix socket. Its files are in a new folder below `directory`. */
  static async start(directory: string, xdsSocket: string): Promise<EnvoyUnderTest> {
    const own = join(directory, "envoy");
    mkdirSync(own, { mode: 0o700, recursive: true });
    const adminSocket = join(own, "admin.sock");
    const config = bootstrap({
      node: { id: "test", cluster: "test", metadata: {} },
      adminSocket,
      xds: { type: "socket", path: xdsSocket },
      accessLog: { type: "socket", path: join(own, "als.sock") },
      stats: { address: "127.0.0.1", port: await freePort(), matcher: statsMatcher(), histogramBuckets: [], tags: [] },
      limits: { maxHeapBytes: 1024 ** 3, maxConnections: 10_000 },
    });
    const file = join(own, "envoy.json");
    writeFileSync(file, JSON.stringify(config));
    return this.of(file, adminSocket);
  }

  /** One with the given bootstrap. Resolves when its admin interface answers; configuration may be on its way. */
  static async of(bootstrap: string, adminSocket: string): Promise<EnvoyUnderTest> {
    const own = new EnvoyUnderTest(bootstrap, adminSocket);
    await own.launch();
    return own;
  }

  /** Starts it again after {@link kill}. */
  async launch(): Promise<void> {
    const log = openSync(this.#log, "a");
    this.#process = spawn(
      requiredBinary("BINNACLE_ENVOY"),
      ["-c", this.#bootstrap, "--use-dynamic-base-id", "--concurrency", "1", "-l", "info"],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    await until(() => this.admin("/server_info"), { what: "Envoy's admin interface" });
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
    this.#process = undefined;
  }

  async admin(path: string): Promise<string> {
    return (await httpGet({ socketPath: this.#adminSocket }, path)).body;
  }

  /** A counter or gauge. Throws when Envoy does not know it. */
  async stat(name: string): Promise<number> {
    const text = await this.admin(`/stats?filter=^${name.replaceAll(".", "\\.")}$`);
    const value = /: (\d+)\s*$/.exec(text)?.[1];
    if (value === undefined) throw new Error(`Envoy has no statistic ${name}`);
    return Number(value);
  }

  get log(): string {
    return readFileSync(this.#log, "utf8");
  }

  get #log(): string {
    return `${this.#bootstrap}.log`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
