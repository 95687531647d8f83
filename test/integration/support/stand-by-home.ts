import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { type SnapshotServerPlaces, snapshotServerPlaces } from "#snapshot-server/places.ts";
import { SnapshotServerProcess } from "#snapshot-server/snapshot-server-process.ts";
import { stopSnapshotServer } from "#snapshot-server/stop-snapshot-server.ts";
import { createLogger, silentLogger } from "#lib/log.ts";
import { identify, type ProcessIdentity } from "#supervisor/process-identity.ts";
import { openStateDirectory } from "#supervisor/state-directory.ts";
import { XdsServer } from "#xds/server.ts";
import { Snapshot } from "#xds/snapshot.ts";
import { SnapshotArchive } from "#xds/snapshot-archive.ts";
import { resource } from "../../contract/support/archive-home.ts";
import { temporaryDirectory } from "./temp-dir.ts";
import { until } from "./until.ts";

/** A state directory with an archive. This process plays the control plane. What runs at the end is ended. */
export class StandByHome implements AsyncDisposable {
  readonly path: string;
  readonly places: SnapshotServerPlaces;
  readonly log: string[] = [];
  readonly #stack: AsyncDisposableStack;

  private constructor(path: string, stack: AsyncDisposableStack) {
    this.path = path;
    this.places = snapshotServerPlaces(path);
    this.#stack = stack;
    this.writeArchive();
  }

  static async create(): Promise<StandByHome> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await temporaryDirectory("ss"));
    stack.use(await openStateDirectory({ path: directory.path, socketAlternatives: [] }));
    stack.defer(() => stopSnapshotServer(directory.path));
    return new StandByHome(directory.path, stack.move());
  }

  /** As a control plane leaves it. */
  writeArchive(): void {
    const snapshot = new Snapshot();
    using _ = new SnapshotArchive(this.places.archive, snapshot, silentLogger);
    const http = resource("listener", "http");
    snapshot.apply([http]);
    snapshot.open();
    snapshot.acknowledge(http);
  }

  controlPlane(): Promise<SnapshotServerProcess> {
    const log = createLogger({ level: "debug", format: "text", write: (line) => this.log.push(line) });
    return SnapshotServerProcess.start({ stateDirectory: this.path, node: process.execPath, log });
  }

  async xdsServer(): Promise<XdsServer> {
    const server = new XdsServer({ snapshot: new Snapshot(), log: silentLogger });
    await server.listenUnix(this.places.xdsSocket);
    return server;
  }

  async serves(): Promise<void> {
    await until(() => isServed(this.places.xdsSocket), { what: "the snapshot server to serve" });
  }

  /** The child of the one that stands by. Throws while there is none. */
  servingProcess(pid: number | undefined): ProcessIdentity {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ");
    const identity = child === undefined || child === "" ? undefined : identify(Number(child));
    if (identity === undefined) throw new Error(`process ${pid} has no child`);
    return identity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(this.places.record)) await stopSnapshotServer(this.path);
    await this.#stack.disposeAsync();
  }
}

/** Whether somebody listens. */
export function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
