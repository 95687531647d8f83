import type { LogFields, LogLevel } from "#lib/log.ts";
import type { ClusterReading } from "./clusters-text.ts";
import type { GatewayFailure } from "./gateway-failures.ts";
import type { PinTarget } from "./messages.ts";
import type { RawRow } from "./raw-row.ts";
import type { RemoteServiceSettings } from "./remote-service.ts";
import type { RouteShares } from "./request-load.ts";
import type { EnvoyReport } from "./totals-differ.ts";

/** What the main thread tells the receiver's worker. */
export type ToReceiver =
  | { readonly type: "shares"; readonly failures: number; readonly sample: number; readonly shown: number }
  | { readonly type: "routeShares"; readonly routeShares: RouteShares }
  | { readonly type: "pins"; readonly pins: readonly PinTarget[] }
  /** Nothing that was told of this Envoy's totals holds any longer. */
  | { readonly type: "forget"; readonly envoy: string }
  /** A batch was taken: the next may come. */
  | { readonly type: "taken" }
  /** A page to be read begins: its chunks follow, and its end. */
  | {
      readonly type: "page";
      readonly job: number;
      readonly page: AdminPage;
      readonly envoy: string;
      readonly fresh: boolean;
    }
  | { readonly type: "chunk"; readonly job: number; readonly bytes: Uint8Array }
  | { readonly type: "pageEnd"; readonly job: number }
  /** The rest of the page does not come. */
  | { readonly type: "pageLost"; readonly job: number }
  | { readonly type: "stop" };

/** Pages of Envoy's admin interface that the worker reads, because they are large. */
export type AdminPage = "counters" | "clusters";

/** What the worker tells the main thread. */
export type FromReceiver =
  | { readonly type: "listening"; readonly remotePort: number | undefined }
  /** What an Envoy on another machine counted. */
  | { readonly type: "report"; readonly report: EnvoyReport; readonly peer: string }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  | { readonly type: "batch"; readonly batch: Batch }
  | { readonly type: "differs"; readonly job: number; readonly diff: PageDiff }
  /** The page could not be read. */
  | { readonly type: "unreadable"; readonly job: number; readonly message: string };

/** What a receiver is to do; the same over its restarts. */
export interface ReceiverSettings {
  readonly socketPath: string;
  readonly slowThreshold: number;
  readonly keepQueryValues: boolean;
  /** Rows a second at most, of failures, slow and pinned ones, and as many of the rest. */
  readonly rowsPerSecond: number;
  /** Undefined: no Envoy on another machine is served. */
  readonly remote?: RemoteServiceSettings | undefined;
}

export interface ReceiverWorkerData extends ReceiverSettings {
  /** Nothing worked before, so whatever is wrong is told and not waited out. */
  readonly isFirst: boolean;
}

/** What came in since the batch before. */
export interface Batch {
  readonly received: { readonly failures: number; readonly sample: number };
  /** Messages that were no log entries. */
  readonly malformed: number;
  /** Requests that are not shown because there were more than a batch takes; they are in the sums. */
  readonly dropped: number;
  /** When the newest request ended, in milliseconds since the epoch; undefined without entries. */
  readonly newest: number | undefined;
  readonly flows: readonly FlowLatency[];
  readonly endpoints: readonly EndpointSum[];
  readonly rows: readonly RawRow[];
  /** Connections that gateways did not make; of each endpoint the newest. */
  readonly gateways: readonly GatewayFailure[];
}

export interface FlowLatency {
  /** Since the epoch. */
  readonly second: number;
  readonly envoy: string;
  readonly listener: string;
  readonly cluster: string;
  readonly routeKey: string;
  /** Weight by bucket of histogram.ts. */
  readonly buckets: ReadonlyMap<number, number>;
  /** See phase-sums.ts. */
  readonly phases: Float64Array;
}

export interface EndpointSum {
  readonly second: number;
  readonly cluster: string;
  readonly endpoint: string;
  readonly buckets: ReadonlyMap<number, number>;
  /** Weight of those that ended with 5xx, whoever made the answer: the endpoint's own, or Envoy for a connection that broke. */
  readonly failed: number;
}

/** How a page differs from the one of the same Envoy before; after `fresh` everything differs. */
export type PageDiff =
  | {
      readonly page: "counters";
      readonly changed: readonly (readonly [name: string, value: number])[];
      readonly gone: readonly string[];
    }
  | { readonly page: "clusters"; readonly changed: readonly ClusterReading[]; readonly gone: readonly string[] };
