import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applianceConfig, ApplianceProcess } from "../../integration/support/appliance-process.ts";
import { freePorts } from "../../integration/support/free-port.ts";
import { httpGet } from "../../integration/support/http-get.ts";
import { until } from "../../integration/support/until.ts";

/** A control plane with its Envoy, beside others of the same cluster. */
export class Member implements AsyncDisposable {
  readonly http: number;
  readonly api: number;
  readonly #home: string;
  process: ApplianceProcess;

  private constructor(home: string, http: number, api: number) {
    this.#home = home;
    this.http = http;
    this.api = api;
    this.process = new ApplianceProcess(home);
  }

  /**
   * Resolves when it is ready.
   *
   * @param folder is made
   * @param settings what `binnacle.yaml` says besides its ports
   */
  static async start(folder: string, settings: string): Promise<Member> {
    const ports = await freePorts(4);
    const [http = 0, , api = 0] = ports;
    await mkdir(folder);
    await writeFile(join(folder, "binnacle.yaml"), applianceConfig(ports, settings));
    const member = new Member(folder, http, api);
    const ready = async () => (await httpGet({ port: api }, "/readyz", { host: `127.0.0.1:${api}` })).status === 200;
    await until(ready, { timeoutMs: 60_000, what: "readiness" }).catch(async (cause: unknown) => {
      await member[Symbol.asyncDispose]();
      throw new Error(`not ready: ${member.process.output}`, { cause });
    });
    return member;
  }

  async ask(host: string): Promise<string> {
    return (await httpGet({ port: this.http }, "/", { host })).body;
  }

  /** A member that was killed has left its Envoy behind: the next start adopts it, and takes it along when it ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    if ((await this.process.stop()) === 0) return;
    this.process = new ApplianceProcess(this.#home);
    await until(() => this.process.output.includes("Envoy was running already"), { timeoutMs: 60_000 });
    await this.process.stop();
  }
}
