import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { AccessLog } from "#proto/envoy/config/accesslog/v3/accesslog.ts";
import { Bootstrap } from "#proto/envoy/config/bootstrap/v3/bootstrap.ts";
import { Cluster, Cluster_DiscoveryType } from "#proto/envoy/config/cluster/v3/cluster.ts";
import type { Address } from "#proto/envoy/config/core/v3/address.ts";
import { HealthStatus } from "#proto/envoy/config/core/v3/health_check.ts";
import { Listener } from "#proto/envoy/config/listener/v3/listener.ts";
import { type DeepPartial, Route, type VirtualHost } from "#proto/envoy/config/route/v3/route_components.ts";
import { HttpConnectionManager } from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { HttpProtocolOptions } from "#proto/envoy/extensions/upstreams/http/v3/http_protocol_options.ts";
import { socketAddress } from "#xds/resources/address.ts";
import { filterChain } from "#xds/resources/http-filters.ts";
import { packAny } from "#xds/resources/any.ts";
import { requiredBinary } from "../support/required-binary.ts";
import { until } from "../support/until.ts";

export interface TestEndpoint {
  readonly port: number;
  readonly health?: HealthStatus;
}

export interface TestEnvoyOptions {
  /** A folder of the test's own; the access-log service is looked for at `als.sock` in it. */
  readonly directory: string;
  readonly accessLogs: readonly AccessLog[];
  readonly virtualHosts: readonly DeepPartial<VirtualHost>[];
  /** Endpoints on 127.0.0.1 by cluster name. */
  readonly clusters: Readonly<Record<string, readonly TestEndpoint[]>>;
  readonly nodeId?: string;
}

/** An Envoy with a configuration of the test's own, without a control plane; its runtime is set by its admin interface. */
export class TestEnvoy implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #admin: string;

  private constructor(child: ChildProcess, admin: string, port: number) {
    this.#process = child;
    this.#admin = admin;
    this.port = port;
  }

  static async start(options: TestEnvoyOptions): Promise<TestEnvoy> {
    const admin = join(options.directory, "admin.sock");
    const config = join(options.directory, "envoy.pb");
    await writeFile(config, Bootstrap.encode(bootstrap(options, admin)).finish());
    const args = ["-c", config, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];
    const child = spawn(requiredBinary("BINNACLE_ENVOY"), args, { stdio: ["ignore", "inherit", "inherit"] });
    try {
      const port = await until(() => listeningPort(admin), { what: "Envoy to listen", signal: exitOf(child) });
      return new TestEnvoy(child, admin, port);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** GET of the admin interface. */
  readonly fetchAdmin = (path: string): Promise<Uint8Array> => askAdmin(this.#admin, path, "GET");

  /** Overrides runtime values until Envoy ends. */
  async setRuntime(values: Readonly<Record<string, number>>): Promise<void> {
    const query = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    await askAdmin(this.#admin, `/runtime_modify?${query.join("&")}`, "POST");
  }

  /** Ends it, as a crash does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }
}

async function askAdmin(socketPath: string, path: string, method: string): Promise<Buffer> {
  const asked = request({ socketPath, path, method, timeout: 30_000 });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const body = await buffer(response);
  if (response.statusCode !== 200)
    throw new Error(`${method} ${path} answered ${response.statusCode}: ${body.toString()}`);
  return body;
}

/** 0 while there is none. */
async function listeningPort(admin: string): Promise<number> {
  const text = (await askAdmin(admin, "/listeners", "GET")).toString();
  return Number(/^http::127\.0\.0\.1:(\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Fires when the process ends, so that a configuration that Envoy refuses fails at once. */
function exitOf(child: ChildProcess): AbortSignal {
  const ended = new AbortController();
  child.once("exit", () => ended.abort());
  return ended.signal;
}

function bootstrap(options: TestEnvoyOptions, admin: string): Bootstrap {
  const manager = HttpConnectionManager.fromPartial({
    statPrefix: "http",
    routeSpecifier: {
      $case: "routeConfig",
      value: { name: "http", virtualHosts: [...options.virtualHosts], validateClusters: false },
    },
    httpFilters: filterChain(undefined, undefined),
    accessLog: [...options.accessLogs],
  });
  const type = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
  const filter = {
    name: "envoy.filters.network.http_connection_manager",
    configType: { $case: "typedConfig" as const, value: packAny(type, HttpConnectionManager, manager) },
  };
  return Bootstrap.fromPartial({
    node: { id: options.nodeId ?? "test", cluster: "test" },
    admin: { address: pipe(admin) },
    layeredRuntime: { layers: [{ name: "admin", layerSpecifier: { $case: "adminLayer", value: {} } }] },
    staticResources: {
      listeners: [
        Listener.fromPartial({
          name: "http",
          address: socketAddress("127.0.0.1", 0),
          filterChains: [{ filters: [filter] }],
        }),
      ],
      clusters: [
        ...Object.entries(options.clusters).map(([name, endpoints]) => staticCluster(name, endpoints.map(lbEndpoint))),
        accessLogCluster(join(options.directory, "als.sock")),
      ],
    },
  });
}

type LbEndpoints = NonNullable<
  NonNullable<NonNullable<DeepPartial<Cluster>["loadAssignment"]>["endpoints"]>[number]["lbEndpoints"]
>;

function staticCluster(name: string, lbEndpoints: LbEndpoints): Cluster {
  return Cluster.fromPartial({
    name,
    clusterDiscoveryType: { $case: "type", value: Cluster_DiscoveryType.STATIC },
    connectTimeout: { seconds: 1 },
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints }] },
  });
}

function lbEndpoint({ port, health }: TestEndpoint): LbEndpoints[number] {
  return {
    hostIdentifier: { $case: "endpoint", value: { address: socketAddress("127.0.0.1", port) } },
    healthStatus: health ?? HealthStatus.UNKNOWN,
  };
}

function accessLogCluster(path: string): Cluster {
  const type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  const options = HttpProtocolOptions.fromPartial({
    upstreamProtocolOptions: {
      $case: "explicitHttpConfig",
      value: { protocolConfig: { $case: "http2ProtocolOptions", value: {} } },
    },
  });
  const endpoint = { hostIdentifier: { $case: "endpoint" as const, value: { address: pipe(path) } } };
  return {
    ...staticCluster("binnacle_access_log", [endpoint]),
    typedExtensionProtocolOptions: { [type]: packAny(type, HttpProtocolOptions, options) },
  };
}

function pipe(path: string): Address {
  return { address: { $case: "pipe", value: { path, mode: 0 } } };
}

/** A route that forwards everything below a path. */
export function forward(name: string, prefix: string, cluster: string, more: DeepPartial<Route> = {}): Route {
  return Route.fromPartial({
    name,
    match: { pathSpecifier: { $case: "prefix", value: prefix } },
    action: { $case: "route", value: { clusterSpecifier: { $case: "cluster", value: cluster } } },
    ...more,
  });
}
