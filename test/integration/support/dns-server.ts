import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { debianProgram } from "../../../setup/debian-program.mjs";
import { freePort } from "./free-port.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temp-dir.ts";
import { until } from "./until.ts";

/** Knot DNS of the machine, or Debian's, unpacked in the cache once (seconds). */
async function findKnot(): Promise<{ readonly command: string; readonly env: NodeJS.ProcessEnv }> {
  const named = process.env["BINNACLE_KNOTD"];
  if (named !== undefined && named !== "") return { command: named, env: {} };
  const found = await debianProgram("knot", "usr/sbin/knotd");
  if (found.reason === undefined) return found;
  throw new Error(`no DNS server: ${found.reason}; install knot, or set BINNACLE_KNOTD to the path of knotd`);
}

/**
 * A real DNS server (Knot, 8 MB, ready in a moment) that has the zone `test`, at an address of its own:
 * `await using dns = await DnsServer.start(["cart A 10.88.0.1"]);`
 */
export class DnsServer implements AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly #directory: TemporaryDirectory;
  readonly #program: { readonly command: string; readonly env: NodeJS.ProcessEnv };
  #child: ChildProcess | undefined;

  private constructor(
    place: { readonly address: string; readonly port: number },
    directory: TemporaryDirectory,
    program: { readonly command: string; readonly env: NodeJS.ProcessEnv },
  ) {
    this.address = place.address;
    this.port = place.port;
    this.#directory = directory;
    this.#program = program;
  }

  /** @param records lines of a zone file, names without `.test`; 60 s to live unless they say otherwise */
  static async start(records: readonly string[]): Promise<DnsServer> {
    const program = await findKnot();
    // Other processes connect from 127.0.0.1, so that no port of this address is taken while the server is away.
    const address = `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`;
    const directory = await temporaryDirectory("dns");
    const server = new DnsServer({ address, port: await freePort(address) }, directory, program);
    await mkdir(join(directory.path, "run"));
    await writeFile(join(directory.path, "knot.conf"), server.#configuration());
    await server.zone(records);
    await server.restart();
    return server;
  }

  /** `address:port`. */
  get place(): string {
    return `${this.address}:${this.port}`;
  }

  /** What the zone says from now on. */
  async zone(records: readonly string[]): Promise<void> {
    const head = ["$TTL 60", "@ SOA ns hostmaster 1 3600 600 86400 15", "@ NS ns", "ns A 192.0.2.53"];
    await writeFile(join(this.#directory.path, "test.zone"), `${[...head, ...records].join("\n")}\n`);
    if (this.#child !== undefined) await this.#control("zone-reload", "test");
  }

  /** The zone is not loaded: the server answers SERVFAIL. */
  async breakZone(): Promise<void> {
    await writeFile(join(this.#directory.path, "test.zone"), "");
    await this.#control("-f", "zone-purge", "+expire", "+zonefile", "test");
  }

  /** Nobody listens any more. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    const { command, env } = this.#program;
    const child = spawn(command, ["-c", join(this.#directory.path, "knot.conf")], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    this.#child = child;
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(`knotd ended: ${log}`);
        return this.#listens();
      },
      { what: "the DNS server to listen" },
    ).catch(async (error: unknown) => {
      await this.kill();
      throw new Error(log, { cause: error });
    });
  }

  /** Takes questions, and answers none until {@link thaw}. Resolves when each of its threads has stopped. */
  async freeze(): Promise<void> {
    const tasks = `/proc/${this.#child?.pid}/task`;
    this.#child?.kill("SIGSTOP");
    const isStopped = async (task: string) => / T /.test(await readFile(`${tasks}/${task}/stat`, "utf8"));
    const all = async () => (await Promise.all((await readdir(tasks)).map(isStopped))).every(Boolean);
    await until(all, { what: "the DNS server to stop" });
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#directory[Symbol.asyncDispose]();
  }

  async #control(...command: readonly string[]): Promise<void> {
    const knotc = join(dirname(this.#program.command), "knotc");
    const socket = join(this.#directory.path, "run/knot.sock");
    await promisify(execFile)(knotc, ["-b", "-s", socket, ...command], {
      env: { ...process.env, ...this.#program.env },
    });
  }

  /** It listens once its zones are loaded. */
  async #listens(): Promise<boolean> {
    const socket = connect(this.port, this.address);
    try {
      await once(socket, "connect");
      return await this.#control("status").then(
        () => true,
        () => false,
      );
    } finally {
      socket.destroy();
    }
  }

  #configuration(): string {
    const { path } = this.#directory;
    return `server:
  rundir: ${path}/run
  listen: ${this.address}@${this.port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: ${path}/db
control:
  listen: ${path}/run/knot.sock
log:
- target: stderr
  any: notice
zone:
- domain: test
  storage: ${path}
  file: test.zone
  zonefile-sync: -1
  zonefile-load: whole
  journal-content: none
`;
  }
}
