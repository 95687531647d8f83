import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory, type TemporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { findTool, type Tool } from "./tool.ts";
import type { RuntimeMount, RuntimeUser, UnpackedImage } from "./unpacked-image.ts";

export interface ContainerOptions {
  readonly image: UnpackedImage;
  /** The path of a network namespace (container-network.ts). */
  readonly network: string;
  /** Instead of the image's entry point and arguments. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Beside the image's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Destination → folder or file here. */
  readonly writable?: Readonly<Record<string, string>>;
  readonly readable?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  /** Instead of the image's user; with a group beside that user's own. */
  readonly user?: { readonly uid: number; readonly additionalGroup: number };
  /** Bytes; more than that and the kernel ends it. */
  readonly memoryLimit?: number;
}

export interface ExecResult {
  readonly code: number;
  readonly output: string;
}

/**
 * A container as Kubernetes would run it with a restricted Pod: the image's user, no capability, no new privileges, a
 * read-only root, its own process, mount, network and IPC namespaces. Run by runc; it is deleted with the test, also with
 * one that is killed.
 */
export class Container implements AsyncDisposable {
  readonly #runc: Tool;
  readonly #root: readonly string[];
  readonly #id: string;
  readonly #child: ChildProcess;
  readonly #folder: TemporaryDirectory;
  readonly #mourner: ChildProcess;
  /** How its first process ended: its exit code, or 128 and the signal. */
  readonly ended: Promise<number>;
  #output = "";
  #disposed: Promise<void> | undefined;

  private constructor(runc: Tool, folder: TemporaryDirectory, id: string) {
    this.#runc = runc;
    this.#folder = folder;
    this.#id = id;
    this.#root = ["--root", join(folder.path, "runc")];
    const { command, env } = runc;
    // When the pipe to it breaks we are gone, and nobody else would end the container.
    const last = ["-c", 'cat; exec "$@" >&2 2>/dev/null', "sh", command, ...this.#root, "delete", "--force", id];
    this.#mourner = spawn("sh", last, { env, stdio: ["pipe", "ignore", "ignore"], detached: true });
    const run = [...this.#root, "run", "--bundle", folder.path, id];
    this.#child = spawn(command, run, { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
    this.ended = once(this.#child, "close").then(([code]) => Number(code));
  }

  static async start(options: ContainerOptions): Promise<Container> {
    await using start = new AsyncDisposableStack();
    const folder = start.use(await temporaryDirectory("container"));
    await mkdir(join(folder.path, "runc"));
    await writeFile(join(folder.path, "config.json"), JSON.stringify(runtimeConfig(options)));
    const runc = await findTool("runc");
    start.move();
    return new Container(runc, folder, `binnacle-${randomBytes(6).toString("hex")}`);
  }

  /** What its processes printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Runs a command inside, as `kubectl exec` and probes do. */
  async exec(...command: readonly string[]): Promise<ExecResult> {
    const { command: runc, env } = this.#runc;
    const args = [...this.#root, "exec", this.#id, ...command];
    const child = spawn(runc, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? -1, output };
  }

  /** Sends a signal to its first process. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#quietly("kill", this.#id, signal);
  }

  /** SIGTERM, and SIGKILL when it is there after the grace period. Resolves to how it ended. */
  async stop(graceMs: number): Promise<number> {
    // Until it is created there is nothing to send a signal to.
    await until(async () => (await this.exec("/bin/sh", "-c", ":")).code === 0 || this.#hasEnded(), {
      what: "the container to run",
    });
    await this.kill("SIGTERM");
    const late = setTimeout(() => void this.kill("SIGKILL"), graceMs);
    const code = await this.ended;
    clearTimeout(late);
    return code;
  }

  /** May be called again. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    // One that is just being created cannot be deleted yet.
    const isGone = async (): Promise<boolean> => {
      await this.#quietly("delete", "--force", this.#id);
      return this.#hasEnded();
    };
    await until(isGone, { what: "the container's end", timeoutMs: 60_000, intervalMs: 100 });
    await this.ended;
    const gone = once(this.#mourner, "exit");
    this.#mourner.stdin?.end();
    await gone;
    await this.#folder[Symbol.asyncDispose]();
  }

  async #quietly(...args: readonly string[]): Promise<void> {
    const { command, env } = this.#runc;
    await once(spawn(command, [...this.#root, ...args], { env, stdio: "ignore" }), "exit");
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

function runtimeConfig(options: ContainerOptions) {
  const { config, rootfs } = options.image;
  const { command = config.process.args.slice(0, 1), args = config.process.args.slice(1) } = options;
  const env = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const namespaces = ["pid", "ipc", "uts", "mount"].map((type) => ({ type }));
  const memory = options.memoryLimit === undefined ? {} : { memory: { limit: options.memoryLimit } };
  return {
    ...config,
    hostname: options.hostname ?? "container",
    root: { path: rootfs, readonly: true },
    process: {
      ...config.process,
      terminal: false,
      user: options.user === undefined ? config.process.user : userOf(config.process.user, options.user),
      args: [...command, ...args],
      env: [...config.process.env, ...env],
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      noNewPrivileges: true,
      rlimits: [],
    },
    // Not umoci's own for the volumes of the image: what a test does not give is to be missed.
    mounts: [
      ...config.mounts.filter(({ source }) => source !== "none"),
      ...Object.entries(options.writable ?? {}).map(([to, from]) => bind(to, from, "rw")),
      ...Object.entries(options.readable ?? {}).map(([to, from]) => bind(to, from, "ro")),
    ],
    linux: {
      ...config.linux,
      resources: { ...config.linux.resources, ...memory },
      namespaces: [...namespaces, { type: "network", path: options.network }],
    },
  };
}

function userOf(own: RuntimeUser, { uid, additionalGroup }: NonNullable<ContainerOptions["user"]>) {
  return { ...own, uid, additionalGids: [additionalGroup] };
}

function bind(destination: string, source: string, mode: "ro" | "rw"): RuntimeMount {
  return { destination, type: "bind", source, options: ["rbind", mode] };
}
