import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { API_ADDRESS_FILE } from "#cli/api-client.ts";
import { lookIntoStateDirectory } from "#supervisor/state-directory.ts";
import { applianceFlags } from "../../setup/node-flags.mjs";
import { freePorts } from "../integration/support/free-port.ts";
import { requiredBinary } from "../integration/support/required-binary.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** The appliance as a user starts it, in a process of its own; without the monitoring programs unless they are asked for. */
export class RunningAppliance implements AsyncDisposable {
  readonly manifests: string;
  readonly httpPort: number;
  /** Of Envoy's statistics for Prometheus. */
  readonly statsPort: number;
  readonly #child: ChildProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(child: ChildProcess, directory: string, ports: readonly number[], stack: AsyncDisposableStack) {
    const [http = 0, stats = 0] = ports;
    this.#child = child;
    this.manifests = join(directory, "manifests");
    this.httpPort = http;
    this.statsPort = stats;
    this.#stack = stack;
  }

  /**
   * Writes `files` (name → text) and starts; does not wait for anything. `upstream` is the port that its endpoints have,
   * `settings` say where the objects come from instead of those files.
   */
  static async start(
    files: Iterable<readonly [string, string]>,
    upstream: number,
    { monitoring = false, settings = "sources: {directory: manifests}" } = {},
  ): Promise<RunningAppliance> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("bench")).path;
    const ports = await freePorts(7);
    const [http = 0, , , stats = 0] = ports;
    const manifests = join(directory, "manifests");
    await mkdir(manifests);
    for (const [name, text] of files) await writeFile(join(manifests, name), text);
    const config = join(directory, "binnacle.yaml");
    await writeFile(config, configText(ports, upstream, monitoring, settings));
    const up = [...applianceFlags, CLI, "up", "--config", config, "--state", join(directory, "state")];
    const child = spawn(process.execPath, up, {
      env: { ...process.env, BINNACLE_ENVOY: requiredBinary("BINNACLE_ENVOY") },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = once(child, "exit");
    stack.defer(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    return new RunningAppliance(child, directory, [http, stats], stack.move());
  }

  get controlPlanePid(): number {
    return this.#child.pid!;
  }

  /** Once it has started. */
  async envoyPid(): Promise<number> {
    const { pid } = JSON.parse(await this.#stateFile(join("envoy", "envoy.json"))) as { pid: number };
    return pid;
  }

  /** Where the API is, with the token that opens it; once it has started. */
  async api(): Promise<{ readonly url: string; readonly token: string }> {
    const [url, token] = [await this.#stateFile(API_ADDRESS_FILE), await this.#stateFile("token")];
    return { url: url.trim(), token: token.trim() };
  }

  /** The socket of Envoy's admin interface. */
  envoyAdmin(): string {
    return lookIntoStateDirectory(join(this.manifests, "..", "state")).socket("envoy-admin.sock");
  }

  #stateFile(name: string): Promise<string> {
    return readFile(join(this.manifests, "..", "state", name), "utf8");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function configText(ports: readonly number[], upstream: number, monitoring: boolean, settings: string): string {
  const [http, https, api, stats, prometheus, alertmanager, nodeExporter] = ports;
  return `listeners:
  - {name: http, port: ${http}, protocol: http}
  - {name: https, port: ${https}, protocol: https}
${settings}
upstreams: {allowLocal: [${upstream}]}
envoy: {statsPort: ${stats}, drainTime: 0s}
api: {port: ${api}}
monitoring:
  prometheus: {enabled: ${monitoring}, port: ${prometheus}}
  alertmanager: {enabled: ${monitoring}, port: ${alertmanager}}
  nodeExporter: {enabled: ${monitoring ? "auto" : "false"}, port: ${nodeExporter}}
  grafana: {enabled: false}
log: {level: warn}
`;
}
