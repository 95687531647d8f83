import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { debianProgram } from "../../../setup/debian-program.mjs";

/** A real kubectl: that of BINNACLE_KUBECTL, one on PATH, or Debian's, unpacked in the cache once (a second or two). */
export async function findKubectl(): Promise<string> {
  const named = process.env["BINNACLE_KUBECTL"];
  if (named !== undefined && named !== "") return named;
  const found = await debianProgram("kubernetes-client", "usr/bin/kubectl");
  if (found.reason === undefined) return found.command;
  throw new Error(`no kubectl: ${found.reason}; install one, or set BINNACLE_KUBECTL to the path of one`);
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** kubectl with a kubeconfig and a home of its own, so that nothing of the user's has a say. */
export class Kubectl {
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(program: string, kubeconfig: string, home: string) {
    this.#program = program;
    this.#env = { PATH: process.env["PATH"], HOME: home, KUBECONFIG: kubeconfig };
  }

  async run(...args: readonly string[]): Promise<KubectlResult> {
    const child = spawn(this.#program, [...args, "--request-timeout=20s"], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = once(child, "exit");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await exited) as [number | null];
    return { code: code ?? -1, stdout, stderr };
  }

  /** Standard output. Throws with what went wrong. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** The lines of a kubectl that goes on, such as `get -w`; it ends with the stack. */
  follow(stack: AsyncDisposableStack, ...args: readonly string[]): { readonly lines: readonly string[] } {
    const child = spawn(this.#program, args, { env: this.#env, stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const lines: string[] = [];
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      const parts = (rest + piece).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    });
    stack.defer(async () => {
      child.kill();
      await exited;
    });
    return { lines };
  }
}
