import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applianceConfig, ApplianceProcess } from "../../integration/support/appliance-process.ts";
import { freePorts } from "../../integration/support/free-port.ts";
import { httpGet } from "../../integration/support/http-get.ts";
import { until } from "../../integration/support/until.ts";

/** A control plane with its Envoy, beside others of the same cluster. */
export class Member implements AsyncDisposable {
  readonly http: number;
  readonly https: number;
  readonly api: number;
  /** Where its state is. */
  readonly state: string;
  readonly #home: string;
  process: ApplianceProcess;

  private constructor(home: string, [http = 0, https = 0, api = 0]: readonly number[]) {
    this.#home = home;
    this.state = join(home, "state");
    this.http = http;
    this.https = https;
    this.api = api;
    this.process = new ApplianceProcess(home);
  }

  /**
   * Resolves when it is ready.
   *
   * @param folder is made
   * @param settings what `binnacle.yaml` says besides its ports
   * @param ports of HTTP, HTTPS, the API and Envoy's statistics
   */
  static async start(folder: string, settings: string, ports?: readonly number[]): Promise<Member> {
    ports ??= await freePorts(4);
    await mkdir(folder);
    await writeFile(join(folder, "binnacle.yaml"), applianceConfig(ports, settings));
    const member = new Member(folder, ports);
    await member.process.ready(member.api).catch(async (cause: unknown) => {
      await member[Symbol.asyncDispose]();
      throw cause;
    });
    return member;
  }

  /** After its process was killed: another one in its place. Resolves when it is ready. */
  async restart(): Promise<void> {
    this.process = new ApplianceProcess(this.#home);
    await this.process.ready(this.api);
  }

  async ask(host: string): Promise<string> {
    return (await httpGet({ port: this.http }, "/", { host })).body;
  }

  /** What its API answers to who may ask everything. */
  async askApi(path: string): Promise<string> {
    const token = (await readFile(join(this.state, "token"), "utf8")).trim();
    const headers = { authorization: `Bearer ${token}` };
    const { status, body } = await httpGet({ port: this.api }, path, { host: `127.0.0.1:${this.api}`, headers });
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    return body;
  }

  /** A member that was killed has left its Envoy behind: the next start adopts it, and takes it along when it ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    if ((await this.process.stop()) === 0) return;
    this.process = new ApplianceProcess(this.#home);
    await until(() => this.process.output.includes("Envoy was running already"), { timeoutMs: 60_000 });
    await this.process.stop();
  }
}
