import { anyType, type Json, type JsonObject, seconds } from "./json.ts";

export interface OverloadLimits {
  /** What Envoy's heap may grow to. */
  readonly maxHeapBytes: number;
  /** Downstream connections over all listeners. */
  readonly maxConnections: number;
}

export interface Machine {
  /** Memory that this machine (or this container) has. */
  readonly memoryBytes: number;
  /** How many files one process may have open. */
  readonly openFiles: number;
}

const MIB = 1024 * 1024;
const DEFAULT_MAX_CONNECTIONS = 50_000;

/**
 * Limits from the settings, and from the machine where a setting is not given: half of its memory, and connections for
 * half of its open files, because each downstream connection may need one upstream.
 */
export function overloadLimits(
  machine: Machine,
  settings: { readonly maxHeapMiB: number | undefined; readonly maxConnections: number | undefined },
): OverloadLimits {
  const { maxHeapMiB, maxConnections } = settings;
  return {
    maxHeapBytes: maxHeapMiB === undefined ? Math.floor(machine.memoryBytes / 2 / MIB) * MIB : maxHeapMiB * MIB,
    maxConnections: maxConnections ?? Math.max(1, Math.min(DEFAULT_MAX_CONNECTIONS, Math.floor(machine.openFiles / 2))),
  };
}

const HEAP = "envoy.resource_monitors.fixed_heap";
const CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections";

/**
 * What Envoy gives up, in this order, as its heap fills: idle memory, idle connections, keep-alive, the largest streams,
 * new requests, new connections. After "Configuring Envoy as an edge proxy" and the overload manager's own page.
 */
export function overloadManager(limits: OverloadLimits): JsonObject {
  return {
    refresh_interval: seconds(0.25),
    buffer_factory_config: { minimum_account_to_track_power_of_two: 20 },
    resource_monitors: [
      {
        name: HEAP,
        typed_config: {
          "@type": anyType("envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig"),
          // 64-bit numbers are strings in proto3's JSON.
          max_heap_size_bytes: String(limits.maxHeapBytes),
        },
      },
      {
        name: CONNECTIONS,
        typed_config: {
          "@type": anyType("envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"),
          max_active_downstream_connections: String(limits.maxConnections),
        },
      },
    ],
    actions: [
      action("shrink_heap", above(0.9)),
      action("reduce_timeouts", between(0.85, 0.95), {
        "@type": anyType("envoy.config.overload.v3.ScaleTimersOverloadActionConfig"),
        timer_scale_factors: [
          { timer: "HTTP_DOWNSTREAM_CONNECTION_IDLE", min_timeout: seconds(2) },
          { timer: "TRANSPORT_SOCKET_CONNECT", min_timeout: seconds(2) },
        ],
      }),
      action("disable_http_keepalive", above(0.92)),
      action("reset_high_memory_stream", between(0.92, 0.98)),
      action("stop_accepting_requests", above(0.95)),
      action("stop_accepting_connections", above(0.98)),
    ],
    loadshed_points: [{ name: "envoy.load_shed_points.tcp_listener_accept", triggers: [above(0.98)] }],
  };
}

function action(name: string, trigger: JsonObject, config?: JsonObject): JsonObject {
  const typed: Record<string, Json> = config === undefined ? {} : { typed_config: config };
  return { name: `envoy.overload_actions.${name}`, triggers: [trigger], ...typed };
}

function above(value: number): JsonObject {
  return { name: HEAP, threshold: { value } };
}

function between(scaling: number, saturation: number): JsonObject {
  return { name: HEAP, scaled: { scaling_threshold: scaling, saturation_threshold: saturation } };
}
