import { Listener } from "#proto/envoy/config/listener/v3/listener.ts";
import { Filter } from "#proto/envoy/config/listener/v3/listener_components.ts";
import { RouteConfiguration } from "#proto/envoy/config/route/v3/route.ts";
import { HttpConnectionManager } from "#proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import type { IrTunnel } from "#translate/ir.ts";
import { tunnelLoggers } from "./access-log.ts";
import { packAny } from "./any.ts";
import { duration } from "./duration.ts";
import type { ListenerDefaults } from "./listener.ts";
import { ROUTER } from "./router.ts";

/** Only Envoy itself, and who is its user, may ask for connections through the gateway. */
const MODE = 0o600;
/** As Envoy's TCP proxy has it: what stands in a tunnel has its own time-outs. */
const IDLE_MS = 3_600_000;

const CONNECT = { upgradeType: "CONNECT" } as const;

/** Takes CONNECT at a Unix socket and hands it to the gateway: in its protocol, at whichever of its addresses is healthy. */
export function tunnelListener({ name, socket }: IrTunnel, { accessLog }: ListenerDefaults): Listener {
  const type = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
  const manager = HttpConnectionManager.fromPartial({
    statPrefix: name,
    routeSpecifier: { $case: "routeConfig", value: routes(name) },
    httpFilters: [ROUTER],
    upgradeConfigs: [CONNECT],
    streamIdleTimeout: duration(IDLE_MS),
    generateRequestId: false,
    accessLog: accessLog === undefined ? [] : tunnelLoggers(name),
  });
  const filter = Filter.fromPartial({
    name: "envoy.filters.network.http_connection_manager",
    configType: { $case: "typedConfig", value: packAny(type, HttpConnectionManager, manager) },
  });
  return Listener.fromPartial({
    name,
    address: { address: { $case: "pipe", value: { path: socket, mode: MODE } } },
    filterChains: [{ name, filters: [filter] }],
  });
}

function routes(cluster: string): RouteConfiguration {
  return RouteConfiguration.fromPartial({
    name: cluster,
    virtualHosts: [
      {
        name: cluster,
        domains: ["*"],
        routes: [
          {
            match: { pathSpecifier: { $case: "connectMatcher", value: {} } },
            action: {
              $case: "route",
              value: {
                clusterSpecifier: { $case: "cluster", value: cluster },
                // A tunnel lasts as long as what is in it.
                timeout: duration(0),
                upgradeConfigs: [CONNECT],
                // Another of the gateway's addresses is tried when one does not take the connection.
                retryPolicy: { retryOn: "connect-failure", numRetries: 1 },
              },
            },
          },
        ],
      },
    ],
  });
}
