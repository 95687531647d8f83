/** `0xx` is a request that ended before any status was sent. */
export type CodeClass = "0xx" | "1xx" | "2xx" | "3xx" | "4xx" | "5xx";

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
 * A listener, or a server name on it, whose TCP connections or UDP sessions are forwarded as they come: exact, from Envoy's counters since the Envoys
 * started that run now, and of those that ended while Binnacle ran. Filters by host, route or object leave all of them out.
 */
export interface StreamTotals {
  /** The listener's name: `db`; or with a server name, which an HTTPProxy's tcpproxy forwards: `https/db.example.com`. */
  readonly key: string;
  readonly protocol: "tcp" | "udp";
  /** Where they go, with the share of each, from 0 to 1, as it is configured. None: what comes is closed. */
  readonly upstreams: readonly { readonly upstream: Upstream; readonly share: number }[];
  /** Connections, or sessions: what one client address and port sends until it is quiet for a while. */
  readonly connections: number;
  /**
   * Connections that found no upstream, and connections to these upstreams that could not be made; where routes send to the
   * same ones, theirs are among them.
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
  /**
   * Where its requests went, itself first; left out where no upstream takes over from it. `counts` and `rates` are all of these
   * together. Those are attempts at the endpoints that it has now, as the Envoy on this machine counts them.
   */
  readonly sentTo?: readonly SentTo[] | undefined;
  readonly healthy: number;
  /**
   * What each Envoy says of it, sorted by node id; left out when one sees it and `endpoints` say the same. Those and `healthy`
   * are of the Envoy on this machine: one on another tells how many it has, and not which.
   */
  readonly seenBy?: readonly SeenBy[] | undefined;
}

export interface SentTo {
  readonly upstream: Upstream;
  readonly requests: number;
  readonly perSecond: number;
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
  /** Used when too few of the lower ones are healthy; 0 unless given. */
  readonly priority?: number | undefined;
  /** The upstream that takes over which it is an endpoint of; the cluster's own unless given. */
  readonly fallback?: Upstream | undefined;
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
