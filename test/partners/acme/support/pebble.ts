import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { certificateAuthority } from "../../../integration/support/certificate.ts";
import { freePorts } from "../../../integration/support/free-port.ts";
import { requiredBinary } from "../../../integration/support/required-binary.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../../../integration/support/temp-dir.ts";
import { until } from "../../../integration/support/until.ts";

export interface PebbleOptions {
  /** Where it asks for challenges. */
  readonly httpPort: number;
  /** `address:port` of the DNS server that it asks. */
  readonly dns: string;
  /** How many percent of the nonces it refuses. */
  readonly badNonces?: number;
  /** Seconds that certificates of the profile `brief` live. */
  readonly briefly?: number;
}

/** A real ACME server that validates by HTTP-01: `await using pebble = await Pebble.start({ httpPort, dns });` */
export class Pebble implements AsyncDisposable {
  readonly directory: string;
  /** PEM file of the authority of its own certificate. */
  readonly caFile: string;
  readonly #options: PebbleOptions;
  readonly #ports: readonly [number, number];
  readonly #folder: TemporaryDirectory;
  #child: ChildProcess | undefined;

  private constructor(options: PebbleOptions, ports: readonly [number, number], folder: TemporaryDirectory) {
    this.#options = options;
    this.#ports = ports;
    this.#folder = folder;
    this.directory = `https://127.0.0.1:${ports[0]}/dir`;
    this.caFile = join(folder.path, "ca.pem");
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const pebble = await Pebble.prepare(options);
    await pebble.run();
    return pebble;
  }

  /** All that it needs, and nobody listens yet. */
  static async prepare(options: PebbleOptions): Promise<Pebble> {
    const [listen = 0, management = 0] = await freePorts(2);
    const pebble = new Pebble(options, [listen, management], await temporaryDirectory("pebble"));
    await pebble.#configure();
    return pebble;
  }

  /** Starts it; what it knew before is forgotten, as it keeps all in memory. */
  async run(): Promise<void> {
    const { dns, badNonces = 0 } = this.#options;
    const args = ["-config", join(this.#folder.path, "pebble.json"), "-dnsserver", dns];
    const child = spawn(requiredBinary("BINNACLE_PEBBLE"), args, {
      env: {
        ...process.env,
        PEBBLE_VA_NOSLEEP: "1",
        PEBBLE_WFE_NONCEREJECT: String(badNonces),
        PEBBLE_AUTHZREUSE: "0",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (log += data.toString()));
    const listens = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`pebble ended: ${log}`);
      for (const port of this.#ports) await once(connect(port, "127.0.0.1").unref(), "connect");
      return true;
    };
    await until(listens, { what: "pebble to listen" });
  }

  /** Nobody listens any more. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** PEM of the authority of the certificates that it issues. */
  async root(): Promise<string> {
    const ca = await readFile(this.caFile, "utf8");
    const request = get(`https://127.0.0.1:${this.#ports[1]}/roots/0`, { ca, agent: false });
    const [response] = (await once(request, "response")) as [Parameters<typeof text>[0]];
    return await text(response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #configure(): Promise<void> {
    const { path } = this.#folder;
    const authority = certificateAuthority("pebble's own authority");
    const { cert, key } = authority.issue(["127.0.0.1"]);
    const [certificate, privateKey] = [join(path, "cert.pem"), join(path, "key.pem")];
    const { httpPort, briefly = 60 } = this.#options;
    const [listen, management] = this.#ports;
    const pebble = {
      listenAddress: `127.0.0.1:${listen}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate,
      privateKey,
      httpPort,
      tlsPort: 1,
      retryAfter: { authz: 1, order: 1 },
      keyAlgorithm: "ecdsa",
      profiles: {
        default: { description: "three months", validityPeriod: 7_776_000 },
        brief: { description: "gone soon", validityPeriod: briefly },
      },
    };
    await Promise.all([
      writeFile(certificate, cert),
      writeFile(privateKey, key, { mode: 0o600 }),
      writeFile(this.caFile, authority.cert),
      writeFile(join(path, "pebble.json"), JSON.stringify({ pebble })),
    ]);
  }
}
