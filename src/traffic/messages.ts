import type { KeptBecause, RequestRow, Talkers } from "./request-shown.ts";
import type {
  ClusterState,
  CodeClass,
  Column,
  EnvoyTotals,
  Hidden,
  HostTotals,
  ListenerTotals,
  Owner,
  OwnerTotals,
  Removed,
  RouteTotals,
  StreamTotals,
  Totals,
  Upstream,
} from "./table-rows.ts";

/**
 * The messages of the WebSocket `/api/v1/traffic`: JSON text, one message a frame. Types only, so that the console and
 * the command line read the same words. A client that says nothing gets nothing: it sends `subscribe`, is answered with
 * a `snapshot` (the full picture) and then gets `delta` frames, four to ten a second and only when something changed; while
 * nothing does, an empty one every five seconds, so that a connection that died without a word is told from a quiet one.
 * Another `subscribe` replaces the first and is answered with another snapshot.
 *
 * Two kinds of truth travel together and are never mixed: **totals** are exact at any load (Envoy's own counters);
 * **requests** are single ones, of which {@link SamplingState} says how many are shown. Latencies come from the requests,
 * each weighted by what it stands for.
 *
 * Times are milliseconds since the epoch, durations are milliseconds, rates are per second, ratios are 0 to 1.
 */
export type ClientMessage =
  | SubscribeMessage
  | PauseMessage
  | ResumeMessage
  | PinMessage
  | UnpinMessage
  | HistoryMessage;
export type ServerMessage = SnapshotMessage | DeltaMessage | HistoryAnswer | ProblemMessage;

/**
 * What to show. Every limit is capped by the server; a team's session sees its own namespaces whatever it asks for. A socket's
 * first ten are answered at once, and then one a second: the newest waits for its turn, the ones before it are problems.
 */
export interface SubscribeMessage {
  readonly type: "subscribe";
  readonly filter?: TrafficFilter | undefined;
  /** Request rows a second at most: default 50, up to 500. What is above is dropped, oldest first, and counted. */
  readonly rowsPerSecond?: number | undefined;
  /** Recent request rows in the snapshot: default 200, up to 2,000. */
  readonly recentRows?: number | undefined;
  /** Hosts, routes, owners and clusters in the picture, each: default 100, up to 5,000. The busiest are shown. */
  readonly tableRows?: number | undefined;
  /** Seconds of {@link Column}s in the snapshot: default 300, up to 900. */
  readonly columns?: number | undefined;
}

/** The same, asked once. */
export type SnapshotQuestion = Omit<SubscribeMessage, "type">;

/** No frames until `resume`, which is answered with a fresh snapshot. What passed meanwhile is in `history`. */
export interface PauseMessage {
  readonly type: "pause";
}

export interface ResumeMessage {
  readonly type: "resume";
}

/** Keep every request of one client, host, route or id for a time, whatever the sampling. All given fields must match. */
export interface PinMessage {
  readonly type: "pin";
  readonly pin: PinTarget;
  /** Default 300, up to 3,600. */
  readonly seconds?: number | undefined;
}

export interface UnpinMessage {
  readonly type: "unpin";
  readonly id: string;
}

/**
 * Rows and columns of the past, newest first: for scrubbing back and for following one request. All that is kept is looked
 * through for it, so a socket may ask ten at once and then two a second; what is above is a problem with its `id`.
 */
export interface HistoryMessage {
  readonly type: "history";
  /** Comes back in the answer. */
  readonly id: string;
  readonly filter?: TrafficFilter | undefined;
  /** From this time on, inclusive. Default: as far back as is kept. */
  readonly from?: number | undefined;
  /** Up to this time, exclusive. Default: now. */
  readonly to?: number | undefined;
  /** Rows at most: default 200, up to 2,000. */
  readonly limit?: number | undefined;
}

export type HistoryQuestion = Omit<HistoryMessage, "type" | "id">;

/**
 * Which requests are meant: a request passes when every given field accepts it; a list accepts when one of its values
 * does, and an empty list counts as not given. `envoys`, `hosts`, `routes`, `namespaces`, `owners` and `clusters` also
 * narrow totals, latencies and columns; the other fields narrow the request rows and the top talkers.
 */
export interface TrafficFilter {
  /** Node ids. */
  readonly envoys?: readonly string[] | undefined;
  /** Virtual hosts by name; `*.example.com` means every name below it. */
  readonly hosts?: readonly string[] | undefined;
  /** Route names. */
  readonly routes?: readonly string[] | undefined;
  /** Namespaces of the route's object. */
  readonly namespaces?: readonly string[] | undefined;
  readonly owners?: readonly Owner[] | undefined;
  readonly clusters?: readonly Upstream[] | undefined;
  /** Addresses with port. */
  readonly endpoints?: readonly string[] | undefined;
  /** Client addresses without port. */
  readonly clients?: readonly string[] | undefined;
  /** In any case. */
  readonly methods?: readonly string[] | undefined;
  readonly pathPrefix?: string | undefined;
  readonly pathContains?: string | undefined;
  readonly codes?: readonly (number | CodeClass)[] | undefined;
  /** Envoy's short names: `UH`, `UF`, … */
  readonly flags?: readonly string[] | undefined;
  /** Total duration of at least this many milliseconds. */
  readonly slowerThan?: number | undefined;
  readonly kept?: readonly KeptBecause[] | undefined;
  /** The x-request-id. */
  readonly requestId?: string | undefined;
}

/** What every frame carries. */
export interface FrameHeader {
  /** Counts this subscription's frames from 1 (the snapshot); a gap means that frames were dropped. */
  readonly sequence: number;
  readonly time: number;
  /** Request rows and frames that this socket was too slow or too narrow for, since its subscribe. */
  readonly dropped: { readonly rows: number; readonly frames: number };
  /** From the end of the newest request in the frame to the frame itself; undefined when the frame has none. */
  readonly lag?: number | undefined;
}

/** What is shown: whole in a snapshot, and in a delta what has changed of it. */
export interface PictureParts {
  /** Of everything that passes the filter. */
  readonly totals: Totals;
  readonly envoys: readonly EnvoyTotals[];
  readonly listeners: readonly ListenerTotals[];
  readonly hosts: readonly HostTotals[];
  readonly routes: readonly RouteTotals[];
  readonly owners: readonly OwnerTotals[];
  readonly clusters: readonly ClusterState[];
  /** Listeners of TCP and UDP, by name; a delta has the whole list. */
  readonly streams: readonly StreamTotals[];
  /** Rows that pass the filter but not `tableRows`. */
  readonly hidden: Hidden;
  /**
   * Oldest first, one a second. A delta's are appended, and one with a time that is already known replaces it; seconds without
   * traffic may be left out.
   */
  readonly columns: readonly Column[];
  /** Oldest first; a delta's are appended. */
  readonly requests: readonly RequestRow[];
  readonly talkers: Talkers;
  readonly sampling: SamplingState;
  /** Oldest first; a delta's are appended. */
  readonly markers: readonly Marker[];
  /** A delta has the whole list. */
  readonly pins: readonly Pin[];
}

type Changed<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The full picture: replace all that is known. */
export interface SnapshotMessage extends FrameHeader, PictureParts {
  readonly type: "snapshot";
  /** The filter as the server understood it, limits and the session's namespaces included. */
  readonly filter: TrafficFilter;
}

/**
 * What changed since the frame before: a member that is left out has not changed. Lists of totals hold whole rows that
 * replace the row with the same `key`; `removed` names keys that are gone from the picture.
 */
export interface DeltaMessage extends FrameHeader, Changed<PictureParts> {
  readonly type: "delta";
  readonly removed?: Removed | undefined;
}

export interface HistoryAnswer {
  readonly type: "history";
  readonly id: string;
  /** Newest first. */
  readonly requests: readonly RequestRow[];
  /** Oldest first. */
  readonly columns: readonly Column[];
  /** There are more rows in the time asked for than `limit`. */
  readonly more: boolean;
  /** The oldest time of which rows are kept. */
  readonly keptSince: number;
}

export type HistoryFound = Omit<HistoryAnswer, "type" | "id">;

/** A message that was not understood, or not answered: why, and what to send instead. The subscription stands as it was. */
export interface ProblemMessage {
  readonly type: "problem";
  /** Of the question that is not answered, where it has one. */
  readonly id?: string | undefined;
  /** The field, e.g. `filter.codes[0]`. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

/** What is shown of all requests, honestly. */
export interface SamplingState {
  /** One line for people: `showing 1 in 20, totals exact`. */
  readonly words: string;
  /** Shares from 0 to 1 that Envoy was told to send. */
  readonly failures: number;
  readonly sample: number;
  /** Share of all requests, from 0 to 1, whose duration is in Envoy's histograms (for Prometheus). */
  readonly latency: number;
  /** Entries a second that the receiver takes, by setting. */
  readonly budget: number;
  /** Entries a second received now; left out for those who see some namespaces only. */
  readonly received?: number | undefined;
  /** Requests a second now: what `received` is a part of, and left out like it. */
  readonly requests?: number | undefined;
  /** Entries lost since the start, each place counted. */
  readonly lost: {
    /** Envoy's buffer was full. */
    readonly envoy: number;
    /** The receiver's queue was full. */
    readonly receiver: number;
  };
  /** `down`: no single requests come in at the moment; totals go on. */
  readonly receiver: "ready" | "down";
  /** Age of the totals in milliseconds: the interval at which Envoy's counters are read now. */
  readonly totalsEvery: number;
  /** The Envoys that are seen, by node id. */
  readonly envoys: readonly { readonly id: string; readonly reachable: boolean }[];
}

/** Something that happened, drawn across the graphs. */
export interface Marker {
  readonly id: number;
  readonly time: number;
  readonly kind: "push" | "nack" | "discovery" | "alert" | "drain" | "envoy" | "sampling" | "note";
  readonly severity: "info" | "warning" | "error";
  readonly text: string;
  readonly object?: Owner | undefined;
}

/** At least one field. */
export interface PinTarget {
  /** A client address without port. */
  readonly client?: string | undefined;
  readonly host?: string | undefined;
  readonly route?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface Pin {
  readonly id: string;
  readonly target: PinTarget;
  readonly until: number;
}
