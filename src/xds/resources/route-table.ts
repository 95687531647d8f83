import { RouteConfiguration } from "#proto/envoy/config/route/v3/route.ts";
import { VirtualHost } from "#proto/envoy/config/route/v3/route_components.ts";
import type { IrRouteTable } from "#translate/ir.ts";
import { ADS } from "./ads.ts";

/** RDS: a table without hosts of its own; they come one by one as VHDS resources, named after the table. */
export function envoyRouteTable({ name, unserved }: IrRouteTable): RouteConfiguration {
  return RouteConfiguration.fromPartial({
    name,
    vhds: { configSource: ADS },
    // A port in the authority says nothing about which host is meant.
    ignorePortInHostMatching: true,
    virtualHosts: unserved === undefined ? [] : [misdirected(unserved)],
  });
}

function misdirected(status: number): VirtualHost {
  return VirtualHost.fromPartial({
    name: "misdirected",
    domains: ["*"],
    routes: [
      {
        name: "misdirected",
        match: { pathSpecifier: { $case: "prefix", value: "/" } },
        action: {
          $case: "directResponse",
          value: {
            status,
            body: {
              specifier: {
                $case: "inlineString",
                value: "misdirected request: this connection does not serve the host\n",
              },
            },
          },
        },
      },
    ],
  });
}
