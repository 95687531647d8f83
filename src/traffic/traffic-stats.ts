import type { AccessLogName } from "#xds/resources/access-log.ts";

/** Totals since the start, and the state now. */
export interface TrafficStats {
  readonly received: Readonly<Record<AccessLogName, number>>;
  readonly shares: Readonly<Record<AccessLogName, number>>;
  readonly malformed: number;
  /** Requests that the receiver did not show because there were too many at once. */
  readonly dropped: number;
  readonly droppedByEnvoy: number;
  /** From the end of the newest request to its entry here; undefined without entries. */
  readonly lagSeconds: number | undefined;
  readonly receiverRestarts: number;
  /** By Envoy, the part of the time that its answers to polls take: an upper bound of what they cost its main thread. */
  readonly pollCostRatio: readonly { readonly envoy: string; readonly ratio: number }[];
  readonly sessions: number;
  readonly frames: number;
  readonly framesDropped: number;
  readonly rowsDropped: number;
}
