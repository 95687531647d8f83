import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { applianceFlags } from "../../setup/node-flags.mjs";
import { freePorts } from "../integration/support/free-port.ts";
import { requiredBinary } from "../integration/support/required-binary.ts";
import { temporaryDirectory } from "../integration/support/temp-dir.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** The appliance as a user starts it, in a process of its own, without the monitoring programs. */
export class RunningAppliance implements AsyncDisposable {
  readonly manifests: string;
  readonly httpPort: number;
  readonly #child: ChildProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(child: ChildProcess, manifests: string, httpPort: number, stack: AsyncDisposableStack) {
    this.#child = child;
    this.manifests = manifests;
    this.httpPort = httpPort;
    this.#stack = stack;
  }

  /** Writes `files` (name → text) and starts; does not wait for anything. `upstream` is the port that its endpoints have. */
  static async start(files: Iterable<readonly [string, string]>, upstream: number): Promise<RunningAppliance> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("bench")).path;
    const [http = 0, https = 0, api = 0, stats = 0] = await freePorts(4);
    const manifests = join(directory, "manifests");
    await mkdir(manifests);
    for (const [name, text] of files) await writeFile(join(manifests, name), text);
    const config = join(directory, "binnacle.yaml");
    await writeFile(config, configText(http, https, api, stats, upstream));
    const child = spawn(
      process.execPath,
      [...applianceFlags, CLI, "up", "--config", config, "--state", join(directory, "state")],
      {
        env: { ...process.env, BINNACLE_ENVOY: requiredBinary("BINNACLE_ENVOY") },
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const ended = once(child, "exit");
    stack.defer(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    return new RunningAppliance(child, manifests, http, stack.move());
  }

  /** Resident memory of the control plane and of Envoy, bytes. */
  async memory(): Promise<{ controlPlane: number; envoy: number }> {
    const children = await readFile(join(this.manifests, "..", "state", "envoy", "envoy.json"), "utf8");
    const { pid } = JSON.parse(children) as { pid: number };
    return { controlPlane: await resident(this.#child.pid!), envoy: await resident(pid) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function configText(http: number, https: number, api: number, stats: number, upstream: number): string {
  return `listeners:
  - {name: http, port: ${http}, protocol: http}
  - {name: https, port: ${https}, protocol: https}
sources: {directory: manifests}
upstreams: {allowLocal: [${upstream}]}
envoy: {statsPort: ${stats}, drainTime: 0s}
api: {port: ${api}}
monitoring:
  prometheus: {enabled: false}
  alertmanager: {enabled: false}
  nodeExporter: {enabled: false}
  grafana: {enabled: false}
log: {level: warn}
`;
}

async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
