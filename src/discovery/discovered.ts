/**
 * What a platform has, in the platform's own terms but in one form for all: a service with the ports that it offers and the
 * addresses behind them. Plain data, equal when it says the same; lists are in a stable order.
 */
export interface DiscoveredService {
  /** The part of the platform that it stands in: a Kubernetes namespace, an OpenStack project. */
  readonly scope: string;
  /** Its name there, as it goes into the names here; unique in its scope and kept when people rename things. */
  readonly service: string;
  /** The team that it belongs to here: the namespace that `scope` is mapped to. */
  readonly namespace: string;
  /** As they are upstream; only those of the allow-list are taken over. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ports: readonly DiscoveredPort[];
  readonly endpoints: readonly EndpointGroup[];
  /** The load balancer that it is, where it is one: its labels say so. */
  readonly loadBalancer?: { readonly id: string; readonly name: string };
  /** Stands for this DNS name instead of endpoints. */
  readonly externalName?: string;
  /** Whether a client is kept on one endpoint by its address. */
  readonly sessionAffinity?: "ClientIP";
}

export type Protocol = "TCP" | "UDP" | "SCTP";

export interface DiscoveredPort {
  /** Empty when it has none. */
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly appProtocol?: string;
}

/** Endpoints that answer on the same ports. Ports are joined to those of the service by name and protocol. */
export interface EndpointGroup {
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly ports: readonly EndpointGroupPort[];
  readonly endpoints: readonly DiscoveredEndpoint[];
  /** How much each of them gets of what goes to its priority, in relation to others; 0 takes nothing new. All alike unless given. */
  readonly weight?: number;
  /** 0, which is meant unless given, is used first; higher ones when too few of the lower ones are healthy. */
  readonly priority?: number;
}

export interface EndpointGroupPort {
  readonly name: string;
  readonly protocol: Protocol;
  /** The number on the endpoint. */
  readonly port: number;
  readonly appProtocol?: string;
}

/** As the conditions of discovery.k8s.io/v1: ready takes traffic; serving and terminating takes it when nobody else can. */
export interface DiscoveredEndpoint {
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly hostname?: string;
  readonly zone?: string;
}

/** A service's identity inside its backend. */
export type DiscoveredKey = string & { readonly __discoveredKey: never };

/** No scope and no service may hold a `/`, so two services never share a key. */
export function discoveredKey({ scope, service }: Pick<DiscoveredService, "scope" | "service">): DiscoveredKey {
  return `${scope}/${service}` as DiscoveredKey;
}

/** Whether a scope, or what it is a part of (`region` of `region.team`), is among `scopes`. No other scope holds a dot. */
export function isWithin(scope: string, scopes: ReadonlySet<string>): boolean {
  return scopes.has(scope) || scopes.has(scope.split(".", 1)[0] ?? "");
}

/** Each address with each of its ports counts, ready or not. */
export function countEndpoints({ endpoints }: DiscoveredService): number {
  return endpoints.reduce((sum, group) => sum + group.endpoints.length * group.ports.length, 0);
}
