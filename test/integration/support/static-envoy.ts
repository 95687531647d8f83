import { join } from "node:path";
import { bootstrap } from "#envoy/bootstrap.ts";
import type { JsonObject } from "#envoy/json.ts";
import { EnvoyProcess, type EnvoyProcessOptions } from "#envoy/process.ts";
import { statsMatcher } from "#envoy/stats-inclusion.ts";
import { silentLogger } from "#lib/log.ts";
import { mkdirSync } from "node:fs";
import { freePorts } from "./free-port.ts";
import { requiredBinary } from "./required-binary.ts";

/** An Envoy as the appliance starts it, except that one HTTP listener and its upstream are static: no control plane. */
export interface StaticEnvoy {
  readonly statsPort: number;
  /** Of the listener, which forwards everything to the upstream. */
  readonly port: number;
  readonly options: EnvoyProcessOptions;
}

export interface StaticEnvoySettings {
  /** The test's own folder; sockets go there too, so its path must be short. */
  readonly directory: string;
  readonly upstreamPort: number;
  readonly ports?: readonly [statsPort: number, port: number];
  /** Something that makes the bootstrap another one. */
  readonly metadata?: JsonObject;
  readonly options?: Partial<EnvoyProcessOptions>;
}

/** The options to run it with. Ports that are not given are free ones. */
export async function staticEnvoy(settings: StaticEnvoySettings): Promise<StaticEnvoy> {
  const { directory, upstreamPort, metadata = {} } = settings;
  const [statsPort = 0, port = 0] = settings.ports ?? (await freePorts(2));
  const adminSocket = join(directory, "admin.sock");
  const state = join(directory, "envoy");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const options: EnvoyProcessOptions = {
    binary: requiredBinary("BINNACLE_ENVOY"),
    directory: state,
    bootstrap: withoutControlPlane(
      bootstrap({
        node: { id: "test", cluster: "binnacle", metadata },
        adminSocket,
        xds: { type: "socket", path: join(directory, "xds.sock") },
        accessLog: { type: "socket", path: join(directory, "als.sock") },
        stats: { address: "127.0.0.1", port: statsPort, matcher: statsMatcher(), histogramBuckets: [], tags: [] },
        limits: { maxHeapBytes: 256 * 1024 * 1024, maxConnections: 1000 },
      }),
      { listeners: [httpListener(port)], clusters: [upstreamCluster(upstreamPort)] },
    ),
    adminSocket,
    hotRestartSocket: join(directory, "hr"),
    concurrency: 1,
    drainSeconds: 2,
    ports: [
      { address: "127.0.0.1", port: statsPort, setting: "envoy.statsPort" },
      { address: "127.0.0.1", port, setting: "listeners[0].port" },
    ],
    logger: silentLogger,
    ...settings.options,
  };
  return { statsPort, port, options };
}

/** Runs until it is disposed of, which ends it: no test leaves an Envoy behind. */
export class TestEnvoy extends EnvoyProcess {
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.drainAndStop(0);
  }
}

/** The name of the upstream's cluster: as the appliance names one. */
export const UPSTREAM_CLUSTER = "local/team-shop/web/8080";

/** Drops what comes over the ADS stream, which nobody would answer here, and adds static resources. */
function withoutControlPlane(
  built: JsonObject,
  extra: { readonly listeners: readonly JsonObject[]; readonly clusters: readonly JsonObject[] },
): JsonObject {
  const { dynamic_resources: _, layered_runtime: __, static_resources, ...rest } = built;
  return { ...rest, static_resources: merged(static_resources, extra) };
}

function merged(
  own: JsonObject[string] | undefined,
  extra: { readonly listeners: readonly JsonObject[]; readonly clusters: readonly JsonObject[] },
): JsonObject {
  const { listeners, clusters } = own as { listeners: JsonObject[]; clusters: JsonObject[] };
  return { listeners: [...listeners, ...extra.listeners], clusters: [...clusters, ...extra.clusters] };
}

function httpListener(port: number): JsonObject {
  const route_config = {
    virtual_hosts: [
      { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: UPSTREAM_CLUSTER } }] },
    ],
  };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "http",
    route_config,
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  return {
    name: "http",
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function upstreamCluster(port: number): JsonObject {
  const address = { socket_address: { address: "127.0.0.1", port_value: port } };
  return {
    name: UPSTREAM_CLUSTER,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: UPSTREAM_CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}
