import { once } from "node:events";
import { WebSocket } from "ws";

/** Node's flags with which {@link Inspector} can look into a process; it chooses a port of its own. */
export const INSPECTED = ["--inspect=127.0.0.1:0"] as const;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly chunk?: string };
  readonly result?: Readonly<Record<string, unknown>>;
}

/** Looks into the main thread's heap of another Node process (Chrome DevTools Protocol). */
export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: Readonly<Record<string, unknown>>) => void>();
  #chunks: string[] = [];
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#take(JSON.parse(data.toString()) as Message));
  }

  /** @param output what the process has written to stderr, where it says where it is to be asked */
  static async open(output: string): Promise<Inspector> {
    const url = /^Debugger listening on (ws:\S+)$/m.exec(output)?.[1];
    if (url === undefined) throw new Error(`it says nowhere where its inspector is: ${output}`);
    const socket = new WebSocket(url);
    await once(socket, "open");
    return new Inspector(socket);
  }

  /** Bytes that are in use when everything that cannot be reached is gone. */
  async heapInUse(): Promise<number> {
    // What was kept by what the first one finalises goes with the second.
    for (let collected = 0; collected < 2; collected++) await this.#ask("HeapProfiler.collectGarbage");
    return Number((await this.#ask("Runtime.getHeapUsage"))["usedSize"]);
  }

  /** The whole heap, as `.heapsnapshot` files are. */
  async heapSnapshot(): Promise<string> {
    await this.#ask("HeapProfiler.takeHeapSnapshot");
    const text = this.#chunks.join("");
    this.#chunks = [];
    return text;
  }

  #take({ id, method, params, result = {} }: Message): void {
    if (method === "HeapProfiler.addHeapSnapshotChunk") this.#chunks.push(params?.chunk ?? "");
    if (id === undefined) return;
    this.#answers.get(id)?.(result);
    this.#answers.delete(id);
  }

  #ask(method: string): Promise<Readonly<Record<string, unknown>>> {
    const { promise, resolve } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    this.#answers.set(++this.#last, resolve);
    this.#socket.send(JSON.stringify({ id: this.#last, method }));
    return promise;
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}
