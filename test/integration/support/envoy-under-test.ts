import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootstrap } from "#envoy/bootstrap.ts";
import { type ControlPlaneAddress, controlPlaneSecretFiles } from "#envoy/control-plane-cluster.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import { freePort } from "./free-port.ts";
import { httpGet } from "./http-get.ts";
import { requiredBinary } from "./required-binary.ts";
import { until } from "./until.ts";

export interface EnvoyUnderTestOptions {
  /** The test's own; a folder for this Envoy is made in it. */
  readonly directory: string;
  readonly xds: ControlPlaneAddress;
  readonly id?: string;
}

/** A real Envoy that gets its configuration from `xds`, and that can be killed and started again. */
export class EnvoyUnderTest implements AsyncDisposable {
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves when its admin interface answers; configuration may be on its way. */
  static async start(options: EnvoyUnderTestOptions): Promise<EnvoyUnderTest> {
    const { id = "test", xds } = options;
    const directory = join(options.directory, id);
    mkdirSync(directory, { mode: 0o700 });
    const config = bootstrap({
      node: { id, cluster: "test", metadata: {} },
      adminSocket: join(directory, "admin.sock"),
      xds,
      accessLog: { type: "socket", path: join(directory, "als.sock") },
      stats: { address: "127.0.0.1", port: await freePort(), matcher: statsMatcher(), histogramBuckets: [], tags: [] },
      limits: { maxHeapBytes: 1024 ** 3, maxConnections: 10_000 },
    });
    writeFileSync(join(directory, "envoy.json"), JSON.stringify(config));
    if (xds.type === "tcp") {
      for (const [path, content] of Object.entries(controlPlaneSecretFiles(xds.tls))) {
        writeFileSync(path, JSON.stringify(content));
      }
    }
    const own = new EnvoyUnderTest(directory);
    await own.launch();
    return own;
  }

  /** Starts it again after {@link kill}. */
  async launch(): Promise<void> {
    const log = openSync(join(this.#directory, "envoy.log"), "a");
    this.#process = spawn(
      requiredBinary("BINNACLE_ENVOY"),
      ["-c", join(this.#directory, "envoy.json"), "--use-dynamic-base-id", "--concurrency", "1", "-l", "info"],
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
    return (await httpGet({ socketPath: join(this.#directory, "admin.sock") }, path)).body;
  }

  /** A counter or gauge. Throws when Envoy does not know it. */
  async stat(name: string): Promise<number> {
    const text = await this.admin(`/stats?filter=^${name.replaceAll(".", "\\.")}$`);
    const value = /: (\d+)\s*$/.exec(text)?.[1];
    if (value === undefined) throw new Error(`Envoy has no statistic ${name}`);
    return Number(value);
  }

  get log(): string {
    return readFileSync(join(this.#directory, "envoy.log"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
