import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory, type TemporaryDirectory } from "../../integration/support/temp-dir.ts";
import { until } from "../../integration/support/until.ts";
import { ApiClient } from "./api-client.ts";
import { kubeconfig } from "./kubeconfig.ts";

export interface KubeBoxOptions {
  /** User → its groups. They are known by tokens ({@link KubeBox.as}, {@link KubeBox.kubeconfig}) and may do nothing until RBAC says so. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
  /** Where the API server listens; a loopback address of its own unless given. */
  readonly address?: string;
  /** Range of the Services' own addresses, IPv4. */
  readonly serviceRange?: string;
  /** Of kube-controller-manager, instead of the usual; empty: none. */
  readonly controllers?: readonly string[];
  /** Further flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[];
}

const ADMIN = "cluster-admin";

/**
 * A Kubernetes API server with etcd and the controllers, the real ones, in a process and a folder of its own:
 * `await using east = await KubeBox.start();`. Ready in 3 to 7 s, 320 MiB; several run side by side. It ends with the
 * test, also with one that is killed.
 */
export class KubeBox implements AsyncDisposable {
  /** `https://127.…:port`; the same after an outage. */
  readonly url: string;
  /** The certificate that clients trust, PEM; the same after an outage. */
  readonly authority: string;
  /** A client that may do everything. */
  readonly admin: ApiClient;
  readonly #directory: TemporaryDirectory;
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #clients: ApiClient[] = [];
  readonly #arguments: readonly string[];
  #child: ChildProcess;

  private constructor(
    directory: TemporaryDirectory,
    child: ChildProcess,
    args: readonly string[],
    tokens: ReadonlyMap<string, string>,
  ) {
    this.#directory = directory;
    this.#child = child;
    this.#tokens = tokens;
    this.url = readFileSync(join(directory.path, "ready"), "utf8").trim();
    this.authority = readFileSync(join(directory.path, "pki/ca.crt"), "utf8");
    // After an outage it listens where it did before.
    this.#arguments = [...args, `--port=${new URL(this.url).port}`];
    this.admin = this.as(ADMIN);
  }

  static async start(options: KubeBoxOptions = {}): Promise<KubeBox> {
    await using start = new AsyncDisposableStack();
    const directory = start.use(await temporaryDirectory("kube"));
    const users = { ...options.users, [ADMIN]: ["system:masters"] };
    const tokens = new Map(Object.keys(users).map((user) => [user, randomBytes(16).toString("hex")]));
    const lines = Object.entries(users).map(
      ([user, groups]) => `${tokens.get(user)},${user},${user},"${groups.join(",")}"`,
    );
    await writeFile(join(directory.path, "tokens.csv"), `${lines.join("\n")}\n`, { mode: 0o600 });
    const args = argumentsFor(directory.path, options);
    const child = await launch(directory.path, args);
    start.defer(() => end(child));
    const box = new KubeBox(directory, child, args, tokens);
    start.move();
    return box;
  }

  /** A client with the token of one of the `users`. */
  as(user: string): ApiClient {
    return this.withToken(this.token(user));
  }

  /** A client with a token of any origin, such as a service account's. */
  withToken(token: string): ApiClient {
    const client = new ApiClient({ url: this.url, authority: this.authority, token });
    this.#clients.push(client);
    return client;
  }

  token(user: string): string {
    const token = this.#tokens.get(user);
    if (token === undefined) throw new Error(`this cluster was started without a user ${user}`);
    return token;
  }

  /** A kubeconfig, YAML, with everything inside it; without a token that of a user who may do everything. */
  kubeconfig(token: string = this.token(ADMIN)): string {
    return kubeconfig({ url: this.url, authority: this.authority, token });
  }

  /** The same in a file, for as long as the cluster is there. */
  async kubeconfigFile(token?: string): Promise<string> {
    const folder = join(this.#directory.path, "clients");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${randomBytes(6).toString("hex")}.kubeconfig`);
    await writeFile(file, this.kubeconfig(token), { mode: 0o600 });
    return file;
  }

  /** What the components printed so far. */
  log(): Promise<string> {
    return readFile(join(this.#directory.path, "log"), "utf8");
  }

  /** An outage: the process is killed, its data stay. Resolves when nothing listens any more. */
  async kill(): Promise<void> {
    await end(this.#child);
  }

  /** Ends the outage: the same cluster at the same address. Resolves when it is ready. */
  async restart(): Promise<void> {
    await this.kill();
    this.#child = await launch(this.#directory.path, this.#arguments);
  }

  /** The API server hangs: connections stay open and are taken, nothing is answered. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.kill();
    await this.#directory[Symbol.asyncDispose]();
  }
}

function argumentsFor(directory: string, options: KubeBoxOptions): readonly string[] {
  // Other processes connect from 127.0.0.1, so that no port of this address is taken while the server is away.
  const { address = `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}` } = options;
  const { serviceRange, controllers, apiServerFlags = [] } = options;
  return [
    `--dir=${directory}`,
    "--end-with-stdin",
    `--address=${address}`,
    `--apiserver-flags=${apiServerFlags.join(" ")}`,
    ...(serviceRange === undefined ? [] : [`--service-range=${serviceRange}`]),
    ...(controllers === undefined ? [] : [`--controllers=${controllers.join(",")}`]),
  ];
}

/** Resolves to the process when it is ready; throws with its last words when it ends before. */
async function launch(directory: string, args: readonly string[]): Promise<ChildProcess> {
  const log = join(directory, "log");
  const ready = join(directory, "ready");
  // A server that was killed left it there.
  rmSync(ready, { force: true });
  const output = openSync(log, "a");
  // Its standard input is a pipe that we never write to: with us it ends, and the process ends with it.
  const child = spawn(kubeboxProgram(), args, { stdio: ["pipe", output, output] });
  closeSync(output);
  try {
    await until(() => existsSync(ready) || hasEnded(child), { what: "the API server to be ready", timeoutMs: 120_000 });
    if (hasEnded(child)) throw new Error(`kubebox ended before it was ready:\n${lastLines(readFileSync(log, "utf8"))}`);
  } catch (error) {
    await end(child);
    throw error;
  }
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-15).join("\n");
}

function kubeboxProgram(): string {
  const path = process.env["BINNACLE_KUBEBOX"];
  if (path === undefined || path === "") {
    throw new Error('BINNACLE_KUBEBOX is not set; run this test by "npm run test:kubernetes", which builds it once');
  }
  accessSync(path, constants.X_OK);
  return path;
}
