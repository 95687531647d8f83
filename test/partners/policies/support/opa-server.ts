import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../integration/support/free-port.ts";
import { requiredBinary } from "../../../integration/support/required-binary.ts";
import { temporaryDirectory } from "../../../integration/support/temp-dir.ts";
import { ServerProcess } from "./server-process.ts";

/** Open Policy Agent, which Envoy asks by gRPC: `await using opa = await OpaServer.start(policy, "shop/authz/decision");` */
export class OpaServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** To be killed, and started again. */
  readonly process: ServerProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(process: ServerProcess, stack: AsyncDisposableStack) {
    this.port = process.port;
    this.process = process;
    this.#stack = stack;
  }

  /**
   * @param policy Rego
   * @param decision path of the rule whose value is the answer
   */
  static async start(policy: string, decision: string): Promise<OpaServer> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory("opa"));
    const file = join(path, "policy.rego");
    await writeFile(file, policy);
    const port = await freePort();
    const plugin = "plugins.envoy_ext_authz_grpc";
    const args = [
      "run",
      "--server",
      "--disable-telemetry",
      "--log-level=error",
      // Its own API, which nobody asks here.
      `--addr=unix://${join(path, "api.sock")}`,
      `--set=${plugin}.addr=127.0.0.1:${port}`,
      `--set=${plugin}.path=${decision}`,
      file,
    ];
    const process = await ServerProcess.start({ command: requiredBinary("BINNACLE_OPA_ENVOY"), args, port });
    stack.use(process);
    return new OpaServer(process, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
