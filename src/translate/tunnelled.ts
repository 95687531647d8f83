import { compareText } from "#lib/compare.ts";
import type { ObjectRef } from "#resources/ref.ts";
import type { GatewaySettings } from "./gateway-settings.ts";
import { gatewayName, type IrCluster, type IrEndpoint, type IrEndpoints, type UpstreamIdentity } from "./ir.ts";
import type { Verdict } from "./verdict.ts";

/** An upstream's cluster and endpoints: these are undefined as long as they are not known. */
export interface UpstreamItems {
  readonly cluster: IrCluster;
  readonly endpoints: IrEndpoints | undefined;
}

export interface Tunnelled extends UpstreamItems {
  /** The backends, sorted, whose gateways it needs. */
  readonly gateways: readonly string[];
  readonly verdicts: readonly Verdict[];
}

/**
 * The same upstream with what lies behind gateways, its own endpoints and those of others in it, and what of it cannot be had
 * there. A tunnel carries TCP, and Envoy opens it to an endpoint's own port (Http11ProxyUpstreamTransport): a connection to the
 * tunnel says nothing about the endpoint.
 */
export function tunnelled(
  { cluster, endpoints }: UpstreamItems,
  upstream: UpstreamIdentity,
  gatewayOf: (backend: string) => GatewaySettings | undefined,
  service: ObjectRef,
): Tunnelled {
  const gateways = new Map<string, GatewaySettings>();
  // The home's own are reached from here.
  const sharers = (cluster.shares ?? []).map((share) => share.upstream);
  const others = [upstream, ...(cluster.fallbacks ?? []), ...sharers].filter(({ backend }) => backend !== "local");
  for (const { backend } of others) {
    const gateway = gatewayOf(backend);
    if (gateway !== undefined) gateways.set(backend, gateway);
  }
  if (gateways.size === 0) {
    const mayHave = others.length > 0 && upstream.transport === "tcp";
    return { cluster: mayHave ? { ...cluster, gateways: [] } : cluster, endpoints, gateways: [], verdicts: [] };
  }
  const verdict = (rest: Omit<Verdict, "ref" | "path">): Verdict => ({ ref: service, path: "", ...rest });
  const { backend, transport } = upstream;
  if (transport === "udp") {
    const reached = endpoints && {
      ...endpoints,
      endpoints: endpoints.endpoints.filter(({ of = upstream }) => !gateways.has(of.backend)),
    };
    const message = `a gateway takes no UDP, so endpoints of backend ${[...gateways.keys()].join(", ")} are left out`;
    const problem = verdict({ severity: "error", reason: "GatewayTakesNoUdp", message, fix: "use TCP" });
    return { cluster, endpoints: reached, gateways: [], verdicts: [problem] };
  }
  const { healthCheck, tls } = cluster;
  const isOwn = gateways.has(backend);
  const verdicts: Verdict[] = [];
  const isBlind = isOwn && healthCheck !== undefined && healthCheck.path === undefined && !tls;
  if (isBlind) {
    const message = `a health check that only opens a connection says nothing of an endpoint behind the gateway of backend ${backend}, so it is left out`;
    const fix = "check a path, or use TLS";
    verdicts.push(verdict({ severity: "warning", reason: "GatewayHidesHealth", message, fix }));
  }
  if (isOwn && endpoints?.healthPort !== undefined) {
    const message = `health checks through the gateway of backend ${backend} ask the port for traffic, and not port ${endpoints.healthPort}`;
    const fix = "check the port for traffic";
    verdicts.push(verdict({ severity: "warning", reason: "GatewayHealthPort", message, fix }));
  }
  const backends = [...gateways.keys()].sort(compareText);
  return {
    cluster: {
      ...cluster,
      gateways: [...gateways].map(([name, { version }]) => gatewayName(name, version)).sort(compareText),
      ...(isBlind ? { healthCheck: undefined } : {}),
    },
    endpoints: endpoints && {
      ...(isOwn ? withoutHealthPort(endpoints) : endpoints),
      endpoints: endpoints.endpoints.map(tunnel),
    },
    gateways: backends,
    verdicts,
  };

  function tunnel(endpoint: IrEndpoint): IrEndpoint {
    const { backend: of } = endpoint.of ?? upstream;
    const gateway = gateways.get(of);
    return gateway === undefined
      ? endpoint
      : { ...endpoint, tunnel: { name: gatewayName(of, gateway.version), socket: gateway.socket } };
  }
}

function withoutHealthPort({ healthPort: _healthPort, ...rest }: IrEndpoints): IrEndpoints {
  return rest;
}
