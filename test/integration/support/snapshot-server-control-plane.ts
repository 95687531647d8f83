// A control plane as a process of its own, so that it can be killed: started by ControlPlaneProcess, driven by messages.
import { snapshotServerPlaces } from "../../../src/snapshot-server/places.ts";
import { SnapshotServerProcess } from "../../../src/snapshot-server/snapshot-server-process.ts";
import { createLogger } from "#lib/log.ts";
import { openStateDirectory } from "#supervisor/state-directory.ts";
import { XdsServer } from "#xds/server.ts";
import { SnapshotArchive } from "#xds/snapshot-archive.ts";
import type { ControlPlaneCommand, ControlPlaneNews } from "./snapshot-server-control-plane-process.ts";
import { changesOf, settingsFor } from "./gateway.ts";
import { controlPlaneForTests } from "../../../src/main/control-plane-for-tests.ts";

async function main([directory = "", ...ports]: readonly string[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const log = createLogger({ level: "debug", format: "text", write: (line) => tell({ type: "log", line }) });
  const state = stack.use(await openStateDirectory({ path: directory, socketAlternatives: [] }));
  const [http = 0, https = 0, http3 = 0] = ports.map(Number);
  const quic = { name: "quic", port: http3, protocol: "https", http3: { advertisedPort: http3 } } as const;
  const controlPlane = controlPlaneForTests({
    translate: settingsFor(http, https, [quic]),
  });
  const { snapshot } = controlPlane;
  const places = snapshotServerPlaces(state.path);
  const archive = stack.use(new SnapshotArchive(places.archive, snapshot, log));
  const snapshotServer = await SnapshotServerProcess.start({ stateDirectory: state.path, node: process.execPath, log });
  let isLeft = true;
  stack.defer(() => (isLeft ? snapshotServer[Symbol.asyncDispose]() : snapshotServer.stop()));
  let resources = 0;
  const xds = stack.use(new XdsServer({ snapshot, log, events: { pushed: (push) => (resources += push.resources) } }));
  await xds.listenUnix(places.xdsSocket);
  const over = Promise.withResolvers<void>();
  process.on("message", (command: ControlPlaneCommand) => {
    switch (command.type) {
      case "apply":
        controlPlane.store.apply(changesOf(command.yaml));
        controlPlane.translateNow();
        break;
      case "open":
        controlPlane.open();
        break;
      case "flush":
        archive.flush();
        break;
      case "leave":
      case "stop":
        isLeft = command.type === "leave";
        over.resolve();
        break;
      case "look":
        break;
    }
    tell({
      type: "state",
      answers: command.id,
      resources,
      unacknowledged: snapshot.unacknowledged,
      unarchived: archive.behind,
      clients: xds.clients.length,
      snapshotServer: snapshotServer.pid,
    });
  });
  tell({ type: "up" });
  await over.promise;
}

function tell(news: ControlPlaneNews): void {
  process.send?.(news);
}

await main(process.argv.slice(2));
process.exit();
