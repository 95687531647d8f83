import { join } from "node:path";
import { recorded } from "#supervisor/socket-directory.ts";

/** Where the snapshot server and the control plane of one state directory find each other. */
export interface SnapshotServerPlaces {
  /** The socket that Envoy's bootstrap names: the control plane's, or in its absence the snapshot server's. */
  readonly xdsSocket: string;
  /** Where the snapshot server makes its socket, before it is moved to {@link xdsSocket}. */
  readonly ownSocket: string;
  /** A socket of the control plane that a connection stays open to while the control plane lives. */
  readonly controlPlaneSocket: string;
  /** What the control plane writes and the snapshot server reads. */
  readonly archive: string;
  /** The snapshot server's own folder. */
  readonly folder: string;
  /** Which process is the snapshot server. */
  readonly record: string;
  readonly log: string;
  /** Compiled modules, by build: without them a start takes three times as long. */
  readonly cache: string;
}

/** The places below a state directory that an appliance has opened before. */
export function snapshotServerPlaces(stateDirectory: string): SnapshotServerPlaces {
  const sockets = recorded(stateDirectory) ?? join(stateDirectory, "run");
  const folder = join(stateDirectory, "snapshot-server");
  return {
    xdsSocket: join(sockets, "xds.sock"),
    ownSocket: join(sockets, "xds-snapshot.sock"),
    controlPlaneSocket: join(sockets, "control-plane.sock"),
    archive: join(stateDirectory, "snapshot.sqlite"),
    folder,
    record: join(folder, "process.json"),
    log: join(folder, "log"),
    cache: join(folder, "modules"),
  };
}
