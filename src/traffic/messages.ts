/**
 * The messages of the WebSocket `/api/v1/traffic`: JSON text, one message a frame. Types only, so that the console and
 * the command line read the same words. A client that says nothing gets nothing: it sends `subscribe`, is answered with
 * a `snapshot` (the full picture) and then gets `delta` frames, four to ten a second and only when something changed.
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

/** What to show. Every limit is capped by the server; a team's session sees its own namespaces whatever it asks for. */
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

/** Rows and columns of the past, newest first: for scrubbing back and for following one request. */
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

/** `0xx` is a request that ended before any status was sent. */
export type CodeClass = "0xx" | "1xx" | "2xx" | "3xx" | "4xx" | "5xx";

/** Why a request is shown: the first that applies, in this order. */
export type KeptBecause = "pinned" | "failure" | "slow" | "sample";

/** The object that made a route. */
export interface Owner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** An upstream's identity; `local` is the home's own backend. */
export interface Upstream {
  readonly backend: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
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

/** The full picture: replace all that is known. */
export interface SnapshotMessage extends FrameHeader {
  readonly type: "snapshot";
  /** The filter as the server understood it, limits and the session's namespaces included. */
  readonly filter: TrafficFilter;
  /** Of everything that passes the filter. */
  readonly totals: Totals;
  readonly envoys: readonly EnvoyTotals[];
  readonly listeners: readonly ListenerTotals[];
  readonly hosts: readonly HostTotals[];
  readonly routes: readonly RouteTotals[];
  readonly owners: readonly OwnerTotals[];
  readonly clusters: readonly ClusterState[];
  /** Listeners of TCP and UDP, by name. */
  readonly streams: readonly StreamTotals[];
  /** Rows that pass the filter but not `tableRows`. */
  readonly hidden: Hidden;
  /** Oldest first, one a second. */
  readonly columns: readonly Column[];
  /** Oldest first. */
  readonly requests: readonly RequestRow[];
  readonly talkers: Talkers;
  readonly sampling: SamplingState;
  /** Oldest first. */
  readonly markers: readonly Marker[];
  readonly pins: readonly Pin[];
}

/**
 * What changed since the frame before: a member that is left out has not changed. Lists of totals hold whole rows that
 * replace the row with the same `key`; `removed` names keys that are gone from the picture.
 */
export interface DeltaMessage extends FrameHeader {
  readonly type: "delta";
  readonly totals?: Totals | undefined;
  readonly envoys?: readonly EnvoyTotals[] | undefined;
  readonly listeners?: readonly ListenerTotals[] | undefined;
  readonly hosts?: readonly HostTotals[] | undefined;
  readonly routes?: readonly RouteTotals[] | undefined;
  readonly owners?: readonly OwnerTotals[] | undefined;
  readonly clusters?: readonly ClusterState[] | undefined;
  /** The whole list. */
  readonly streams?: readonly StreamTotals[] | undefined;
  readonly removed?: Removed | undefined;
  readonly hidden?: Hidden | undefined;
  /** To append; a column with a time that is already known replaces it. Seconds without traffic may be left out. */
  readonly columns?: readonly Column[] | undefined;
  /** To append, oldest first. */
  readonly requests?: readonly RequestRow[] | undefined;
  readonly talkers?: Talkers | undefined;
  readonly sampling?: SamplingState | undefined;
  /** To append. */
  readonly markers?: readonly Marker[] | undefined;
  /** The whole list. */
  readonly pins?: readonly Pin[] | undefined;
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

/** A message that was not understood: what, and what to send instead. The subscription stands as it was. */
export interface ProblemMessage {
  readonly type: "problem";
  /** The field, e.g. `filter.codes[0]`. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

/** Exact, from Envoy's counters; it never goes back, also over a restart of Envoy. */
export interface Counts {
  /** Since the Envoys started that run now, and of those that ended while Binnacle ran. */
  readonly requests: number;
  /** Classes that occurred. */
  readonly classes: Partial<Readonly<Record<CodeClass, number>>>;
  /** Single codes that occurred: `{"404": 3}`. */
  readonly codes: Readonly<Record<string, number>>;
  /** Response flags that occurred; a request with two flags counts in both. */
  readonly flags: Readonly<Record<string, number>>;
}

/** The last {@link seconds}. */
export interface Rates {
  /** Width of the window, e.g. 10. */
  readonly seconds: number;
  /** Requests a second, exact. */
  readonly perSecond: number;
  /** Failures (5xx, or ended without a status) a second, exact. */
  readonly errorsPerSecond: number;
  /** Failures of all requests; 0 without requests. */
  readonly errorRatio: number;
  /** From the requests shown, weighted; undefined without requests. */
  readonly latency?: Quantiles | undefined;
}

/** Milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface Totals {
  readonly counts: Counts;
  readonly rates: Rates;
}

/** One Envoy that serves: its part of everything that passes the filter. */
export interface EnvoyTotals extends Totals {
  /** Its node id. */
  readonly key: string;
}

export interface ListenerTotals extends Totals {
  /** The listener's name. */
  readonly key: string;
}

/**
 * A listener that forwards TCP connections or UDP sessions to one upstream: exact, from Envoy's counters since the Envoys
 * started that run now, and of those that ended while Binnacle ran. Filters by host, route or object leave all of them out.
 */
export interface StreamTotals {
  /** The listener's name. */
  readonly key: string;
  readonly protocol: "tcp" | "udp";
  /** Left out for one that closes what comes, because its Service is not there. */
  readonly upstream?: Upstream | undefined;
  /** Connections, or sessions: what one client address and port sends until it is quiet for a while. */
  readonly connections: number;
  /**
   * Connections that found no upstream, and connections to this upstream that could not be made; where routes send to the
   * same one, theirs are among them.
   */
  readonly failed: number;
  /** From clients, and to them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections a second, of the last ten. */
  readonly perSecond: number;
  readonly failedPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
}

export interface HostTotals extends Totals {
  /** The host: a name, a wildcard, or `*`. Empty for requests that no virtual host took. */
  readonly key: string;
  /** Namespaces whose routes took requests on it, sorted. */
  readonly namespaces: readonly string[];
}

/** One route as one listener serves it: listener → host → route → upstreams is the topology, read from these rows. */
export interface RouteTotals extends Totals {
  /** Unique and stable; not for reading. */
  readonly key: string;
  readonly listener: string;
  readonly host: string;
  /** Empty for requests that no route took. */
  readonly route: string;
  readonly owner?: Owner | undefined;
  /** Where its requests went in the window, busiest first; empty for redirects and direct answers. */
  readonly upstreams: readonly {
    readonly upstream: Upstream;
    readonly perSecond: number;
    readonly errorsPerSecond: number;
  }[];
}

export interface OwnerTotals extends Totals {
  /** `kind/namespace/name`. */
  readonly key: string;
  readonly owner: Owner;
}

export interface ClusterState {
  /** Envoy's name of the cluster. */
  readonly key: string;
  readonly upstream: Upstream;
  /** Of the requests that were sent to it, by the answer that the client got. */
  readonly counts: Counts;
  readonly rates: Rates;
  readonly endpoints: readonly EndpointState[];
  readonly healthy: number;
  /**
   * What each Envoy says of it, sorted by node id; left out when one sees it and `endpoints` say the same. Those and `healthy`
   * are of the Envoy on this machine: one on another tells how many it has, and not which.
   */
  readonly seenBy?: readonly SeenBy[] | undefined;
  /** Fewer endpoints are healthy than Envoy's panic threshold (50 %): it sends to all of them. */
  readonly panic: boolean;
}

export interface SeenBy {
  /** Node id. */
  readonly envoy: string;
  readonly healthy: number;
  readonly endpoints: number;
}

export type EndpointHealth =
  | "healthy"
  /** Fails its active health check. */
  | "failing"
  /** Thrown out for a while by outlier detection. */
  | "ejected"
  | "degraded"
  /** Takes no new request: it is going. */
  | "draining"
  | "unhealthy"
  /** Its first health check is not through. */
  | "unknown";

export interface EndpointState {
  /** Address with port: `10.0.0.1:8080`, `[2001:db8::1]:8080`. */
  readonly address: string;
  readonly health: EndpointHealth;
  readonly zone?: string | undefined;
  /** Now. */
  readonly activeRequests: number;
  readonly activeConnections: number;
  /** Cumulative and exact; attempts, so a retry counts again. */
  readonly requests: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly connectFailures: number;
  readonly perSecond: number;
  readonly errorsPerSecond: number;
  readonly latency?: Quantiles | undefined;
}

export interface Removed {
  readonly envoys?: readonly string[] | undefined;
  readonly listeners?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly routes?: readonly string[] | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly clusters?: readonly string[] | undefined;
}

export interface Hidden {
  readonly hosts: number;
  readonly routes: number;
  readonly owners: number;
  readonly clusters: number;
}

/** One second of what passes the filter. */
export interface Column {
  /** Start of the second. */
  readonly time: number;
  /** Exact. */
  readonly requests: number;
  readonly errors: number;
  readonly classes: Partial<Readonly<Record<CodeClass, number>>>;
  /**
   * For the heatmap: pairs of bucket and estimated number of requests in it, by rising bucket. Bucket `b` holds
   * durations above `2^((b-1)/4 - 4)` and up to `2^(b/4 - 4)` milliseconds; bucket 0 all up to 1/16 ms, bucket 95 all
   * above a quarter of an hour.
   */
  readonly latency: readonly (readonly [bucket: number, requests: number])[];
  readonly quantiles?: Quantiles | undefined;
  /** Mean of each phase over the requests shown. */
  readonly phases?: Phases | undefined;
}

/** Milliseconds; what a request did not come to is left out. */
export interface Phases {
  /** From the request's first byte until an upstream connection was asked for: filters, and reading the request's head. */
  readonly waiting?: number | undefined;
  /** Until the request's first byte went upstream: pool, TCP and TLS. */
  readonly connecting?: number | undefined;
  /** Until the response's first byte came back. */
  readonly upstream?: number | undefined;
  /** Until the last byte was sent to the client. */
  readonly transfer?: number | undefined;
}

export interface RequestRow {
  /** Rises with the order in which requests were seen; unique while Binnacle runs. */
  readonly id: number;
  /** When the request began. */
  readonly time: number;
  /** Envoy's node id. */
  readonly envoy: string;
  readonly listener: string;
  readonly method: string;
  readonly authority: string;
  /** Without query values unless a setting keeps them: `/search?q=…` keeps the names. */
  readonly path: string;
  /** `HTTP/1.1`, `HTTP/2`, `HTTP/3`, `HTTP/1.0`; empty when it was not known. */
  readonly protocol: string;
  /** 0: no status was sent. */
  readonly code: number;
  /** Envoy's short names, sorted. */
  readonly flags: readonly string[];
  /** Envoy's response_code_details. */
  readonly details: string;
  /** Why the upstream connection failed, in Envoy's words; empty otherwise. */
  readonly transportFailure: string;
  /** The virtual host; empty when none took it. */
  readonly host: string;
  readonly route: string;
  readonly owner?: Owner | undefined;
  readonly upstream?: Upstream | undefined;
  /** Address with port. */
  readonly endpoint?: string | undefined;
  /** Upstream attempts: 0 when Envoy answered by itself, more than 1 after retries. */
  readonly attempts: number;
  readonly duration: number;
  readonly phases: Phases;
  /** On the wire, head and body. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Address without port, as the trusted hops give it. */
  readonly client: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** The W3C trace id of the request's traceparent, when it came with one. */
  readonly traceId?: string | undefined;
  readonly kept: KeptBecause;
  /** How many requests it stands for: 20 when 1 in 20 of its kind is shown. */
  readonly weight: number;
  /** For failures and slow ones. */
  readonly why?: Why | undefined;
}

/** For a person on call at 03:00. */
export interface Why {
  /** What happened, in a line: `No healthy endpoint in team-shop/cart`. */
  readonly summary: string;
  /** What is known about it: Envoy's words in ours, the endpoints' health. */
  readonly detail: string;
  /** What to do first. */
  readonly nextStep: string;
  /** Where to look: the side that most likely has to act. */
  readonly side: "client" | "route" | "upstream" | "appliance";
}

/** Of the last minute, estimated from the requests shown; busiest first, at most ten each. */
export interface Talkers {
  readonly clients: readonly Talker[];
  readonly paths: readonly Talker[];
  readonly agents: readonly Talker[];
  readonly routes: readonly Talker[];
}

export interface Talker {
  readonly value: string;
  readonly perSecond: number;
  readonly errorRatio: number;
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
