import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { httpGet } from "./http-get.ts";
import { until } from "./until.ts";

const CLI = resolve(import.meta.dirname, "../../../src/cli.ts");

/** `binnacle up` in a process of its own, on the `binnacle.yaml` in a folder and with its state there. */
export class ApplianceProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  output = "";

  /** @param flags of Node */
  constructor(home: string, flags: readonly string[] = []) {
    const args = [...flags, CLI, "up", "--config", join(home, "binnacle.yaml"), "--state", join(home, "state")];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (data: Buffer) => (this.output += data.toString()));
    }
    this.ended = once(this.#child, "close").then(([code]) => code as number | null);
  }

  /** Waits until its API says that it is ready; throws with all that it has said when it does not become so. */
  async ready(apiPort: number): Promise<void> {
    const ask = () => httpGet({ port: apiPort }, "/readyz", { host: `127.0.0.1:${apiPort}` });
    const options = {
      accept: ({ status }: { status: number }) => status === 200,
      timeoutMs: 120_000,
      what: "readiness",
    };
    await until(ask, options).catch((cause: unknown) => {
      throw new Error(`not ready: ${this.output}`, { cause });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

const NOTHING_BESIDE = `prometheus: {enabled: false}
  alertmanager: {enabled: false}
  nodeExporter: {enabled: false}
  grafana: {enabled: false}`;

/**
 * @param ports of HTTP, HTTPS, the API and Envoy's statistics
 * @param monitoring what runs beside Envoy, two spaces in; nothing unless given
 */
export function applianceConfig(ports: readonly number[], settings: string, monitoring = NOTHING_BESIDE): string {
  const [http, https, api, stats] = ports;
  return `listeners:
  - {name: http, port: ${http}, protocol: http}
  - {name: https, port: ${https}, protocol: https}
${settings}
envoy: {statsPort: ${stats}, drainTime: 1s}
api: {port: ${api}}
monitoring:
  ${monitoring}
`;
}
