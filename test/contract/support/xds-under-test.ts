import { join } from "node:path";
import { silentLogger } from "#lib/log.ts";
import { XdsServer, type XdsServerOptions } from "#xds/server.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { temporaryDirectory } from "../../integration/support/temp-dir.ts";
import { AdsClient } from "./ads-client.ts";

/** A snapshot and its server on a Unix socket: `await using xds = await XdsUnderTest.start();` */
export class XdsUnderTest implements AsyncDisposable {
  readonly snapshot: Snapshot;
  readonly server: XdsServer;
  readonly socketPath: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(snapshot: Snapshot, server: XdsServer, socketPath: string, stack: AsyncDisposableStack) {
    this.snapshot = snapshot;
    this.server = server;
    this.socketPath = socketPath;
    this.#stack = stack;
  }

  /** The snapshot is open unless `ready` is false. */
  static async start(options: Partial<XdsServerOptions> & { readonly ready?: boolean } = {}): Promise<XdsUnderTest> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("xds")).path;
    const { ready = true, snapshot = new Snapshot(), ...rest } = options;
    if (ready) snapshot.open();
    const server = stack.use(new XdsServer({ snapshot, log: silentLogger, ...rest }));
    const socketPath = join(directory, "xds.sock");
    await server.listenUnix(socketPath);
    return new XdsUnderTest(snapshot, server, socketPath, stack.move());
  }

  /** A client whose life ends with the server's. */
  client(node?: string): AdsClient {
    return this.#stack.use(new AdsClient(`unix:${this.socketPath}`, node));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
