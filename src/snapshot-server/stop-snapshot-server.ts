import { endProcess } from "#supervisor/process-identity.ts";
import { snapshotServerPlaces } from "./places.ts";
import { readServerRecord } from "./server-record.ts";

/** From SIGTERM to SIGKILL: it ends its streams first. */
export const GRACE_MS = 5_000;

/**
 * Ends the snapshot server of a state directory whose appliance does not run. Resolves when it is gone, also when there
 * was none.
 */
export async function stopSnapshotServer(stateDirectory: string): Promise<void> {
  const record = readServerRecord(snapshotServerPlaces(stateDirectory).record);
  if (record !== undefined) await endProcess(record, GRACE_MS);
}
