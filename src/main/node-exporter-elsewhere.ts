import { childRecordFile, readChildRecord } from "#supervisor/child-record.ts";
import { portHolder } from "#supervisor/port-holder.ts";
import { isRunning } from "#supervisor/process-identity.ts";

/** It answers within milliseconds; another program may not answer at all. */
const TIMEOUT_MS = 2000;

/**
 * Whether a node-exporter that is not ours answers at this port of loopback: Debian's package starts one on 9100. One that an
 * earlier run of ours left behind does not count: it ends before the next starts.
 *
 * @param children the folder of the children's records
 */
export async function nodeExporterElsewhere(port: number, children: string): Promise<boolean> {
  const holder = portHolder("127.0.0.1", port);
  if (holder === undefined) return false;
  const record = readChildRecord(childRecordFile(children, "node-exporter"));
  if (record !== undefined && record.pid === holder.pid && isRunning(record)) return false;
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return answer.ok && /^node_exporter_build_info\{/m.test(await answer.text());
  } catch {
    return false; // something else, of which our own will say that it has the port
  }
}
