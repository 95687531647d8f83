import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { fileURLToPath } from "node:url";

export type ControlPlaneCommand = { readonly id: number } & (
  | { readonly type: "apply"; readonly yaml: string }
  | { readonly type: "open" | "flush" | "look" | "leave" | "stop" }
);

export interface ControlPlaneState {
  /** Resources that were sent to Envoys. */
  readonly resources: number;
  readonly unacknowledged: number;
  readonly unarchived: number;
  readonly clients: number;
  /** The process that stands by. */
  readonly snapshotServer: number | undefined;
}

export type ControlPlaneNews =
  | { readonly type: "up" }
  | { readonly type: "log"; readonly line: string }
  | ({ readonly type: "state"; readonly answers: number } & ControlPlaneState);

export interface ControlPlanePlace {
  readonly stateDirectory: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Of one more HTTPS listener, which speaks HTTP/3, too. */
  readonly http3Port: number;
}

const PROGRAM = fileURLToPath(new URL("snapshot-server-control-plane.ts", import.meta.url));

/** A control plane that can be killed. It leaves the snapshot server behind, unless it is stopped. */
export class ControlPlaneProcess implements AsyncDisposable {
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #news = new EventEmitter<{ news: [ControlPlaneNews] }>();
  #commands = 0;

  private constructor({ stateDirectory, httpPort, httpsPort, http3Port }: ControlPlanePlace) {
    const ports = [httpPort, httpsPort, http3Port].map(String);
    this.#child = spawn(process.execPath, [PROGRAM, stateDirectory, ...ports], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#exited = once(this.#child, "exit");
    this.#child.on("message", (news: ControlPlaneNews) => {
      if (news.type === "log") this.log.push(news.line);
      this.#news.emit("news", news);
    });
  }

  /** Resolves when it has the xDS socket. Nothing is served until `open`. */
  static async start(place: ControlPlanePlace): Promise<ControlPlaneProcess> {
    const own = new ControlPlaneProcess(place);
    await own.#heard(({ type }) => type === "up");
    return own;
  }

  /** Does it, and tells how things are then. */
  async do(type: "open" | "flush" | "look"): Promise<ControlPlaneState> {
    return this.#command({ type });
  }

  apply(yaml: string): Promise<ControlPlaneState> {
    return this.#command({ type: "apply", yaml });
  }

  /** Ends in good order: `leave` lets the snapshot server take over, `stop` ends it too. */
  async end(how: "leave" | "stop"): Promise<void> {
    this.#child.send({ type: how, id: 0 } satisfies ControlPlaneCommand);
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #command(
    command: { type: "open" | "flush" | "look" } | { type: "apply"; yaml: string },
  ): Promise<ControlPlaneState> {
    const id = ++this.#commands;
    const heard = this.#heard((news) => news.type === "state" && news.answers === id);
    this.#child.send({ ...command, id });
    const news = await heard;
    if (news.type !== "state") throw new Error("unreachable: the filter lets only states through");
    return news;
  }

  #heard(wanted: (news: ControlPlaneNews) => boolean): Promise<ControlPlaneNews> {
    const heard = new Promise<ControlPlaneNews>((resolve) => {
      const take = (news: ControlPlaneNews): void => {
        if (!wanted(news)) return;
        this.#news.off("news", take);
        resolve(news);
      };
      this.#news.on("news", take);
    });
    const died = this.#exited.then(() => {
      throw new Error(`the control plane ended; it said:\n${this.log.join("\n")}`);
    });
    return Promise.race([heard, died]);
  }
}
