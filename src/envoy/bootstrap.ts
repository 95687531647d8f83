import { ENVOY_EXPRESSION_STEPS } from "#lib/expression-steps.ts";
import { type ControlPlaneAddress, controlPlaneCluster } from "./control-plane-cluster.ts";
import { type Json, type JsonObject, seconds } from "./json.ts";
import { type OverloadLimits, overloadManager } from "./overload.ts";
import { ADMIN_CLUSTER, statsListener } from "./stats-listener.ts";
import { totalsSink } from "./totals-sink.ts";

/** What Envoy must know before it can ask the control plane. Everything else comes over the ADS stream. */
export interface BootstrapSettings {
  /** `metadata` reaches the control plane with the first request of each stream. */
  readonly node: { readonly id: string; readonly cluster: string; readonly metadata: JsonObject };
  /** Path of the admin interface's Unix socket, at most 107 bytes. It can stop Envoy: it is made 0600. */
  readonly adminSocket: string;
  readonly xds: ControlPlaneAddress;
  /** The access-log service; loggers in listeners name its cluster, {@link ACCESS_LOG_CLUSTER}. */
  readonly accessLog: ControlPlaneAddress;
  /** Reports its counters there too: where the control plane cannot ask for them at the admin interface. */
  readonly reportsTotals?: boolean;
  /**
   * Seconds between sweeps, a multiple of five: statistics of requests that none touched since the sweep before are let go. Not of
   * an Envoy that reports its totals: what is missing in a report may be let go, or only have stood still.
   */
  readonly evictIdleStats?: number;
  /** The listener that Prometheus scrapes. */
  readonly stats: {
    readonly address: string;
    readonly port: number;
    /** envoy.config.metrics.v3.StatsMatcher: which statistics exist at all. */
    readonly matcher: JsonObject;
    /** envoy.config.metrics.v3.HistogramBucketSettings, in order; empty for Envoy's own buckets. */
    readonly histogramBuckets: readonly JsonObject[];
    /** envoy.config.metrics.v3.TagSpecifier beside Envoy's default ones. */
    readonly tags: readonly JsonObject[];
  };
  readonly limits: OverloadLimits;
}

export const XDS_CLUSTER = "binnacle_xds";
export const ACCESS_LOG_CLUSTER = "binnacle_access_log";
/** The runtime layer that the control plane steers: RTDS resource and layer have this name. */
export const RUNTIME_LAYER = "binnacle";

/**
 * How long Envoy's start waits for the control plane's first answer before it goes on without. Long enough for a control
 * plane that starts beside it; not for ever, because the statistics listener opens only when the start is over.
 */
const FIRST_ANSWER = { runtime: 5, resources: 15 } as const;

/**
 * Envoy's bootstrap (envoy.config.bootstrap.v3.Bootstrap in proto3's JSON). Pure; equal settings give an equal value.
 * Written by hand as JSON rather than through generated types because Envoy itself refuses unknown fields in it.
 */
export function bootstrap(settings: BootstrapSettings): JsonObject {
  const { stats } = settings;
  return {
    node: settings.node,
    admin: { address: { pipe: { path: settings.adminSocket, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER, retry_policy: reconnect(settings.xds) } }],
      },
      cds_config: adsSource(FIRST_ANSWER.resources),
      lds_config: adsSource(FIRST_ANSWER.resources),
    },
    static_resources: {
      clusters: [
        controlPlaneCluster(XDS_CLUSTER, settings.xds),
        controlPlaneCluster(ACCESS_LOG_CLUSTER, settings.accessLog),
        adminCluster(settings.adminSocket),
      ],
      listeners: [statsListener(stats.address, stats.port)],
    },
    layered_runtime: {
      // Later layers win. There is no admin layer: POST /runtime_modify is refused.
      layers: [
        { name: "static", static_layer: STATIC_RUNTIME },
        { name: RUNTIME_LAYER, rtds_layer: { name: RUNTIME_LAYER, rtds_config: adsSource(FIRST_ANSWER.runtime) } },
      ],
    },
    // What an upstream without traffic need not have: a quarter of the memory of 10,000 clusters, and a third of their loading time.
    cluster_manager: { enable_deferred_cluster_creation: true },
    deferred_stat_options: { enable_deferred_creation_stats: true },
    overload_manager: overloadManager(settings.limits),
    ...(settings.reportsTotals === true ? totalsSink(ACCESS_LOG_CLUSTER, settings.node.id) : {}),
    ...(settings.evictIdleStats === undefined ? {} : { stats_eviction_interval: seconds(settings.evictIdleStats) }),
    stats_config: {
      stats_matcher: stats.matcher,
      use_all_default_tags: true,
      ...(stats.tags.length === 0 ? {} : { stats_tags: stats.tags }),
      ...(stats.histogramBuckets.length === 0 ? {} : { histogram_bucket_settings: stats.histogramBuckets }),
    },
  };
}

const STATIC_RUNTIME: JsonObject = {
  re2: { max_program_size: { error_level: ENVOY_EXPRESSION_STEPS, warn_level: 1000 } },
};

function adsSource(firstAnswer: number): JsonObject {
  return { ads: {}, resource_api_version: "V3", initial_fetch_timeout: seconds(firstAnswer) };
}

/** A local control plane that restarts is back within a second or two; one far away is not to be rushed by every Envoy. */
function reconnect(xds: ControlPlaneAddress): JsonObject {
  const [base, max] = xds.type === "socket" ? [0.1, 2] : [0.5, 15];
  return { retry_back_off: { base_interval: seconds(base), max_interval: seconds(max) } };
}

function adminCluster(socket: string): Json {
  return {
    name: ADMIN_CLUSTER,
    type: "STATIC",
    connect_timeout: seconds(1),
    load_assignment: {
      cluster_name: ADMIN_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
    },
  };
}
