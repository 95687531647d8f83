import type { ObjectRef } from "#resources/ref.ts";
import type { IrClientValidation, IrListener } from "./ir-listener.ts";
import type { IrPolicies } from "./ir-policies.ts";
import type { IrRoute } from "./ir-route.ts";
import type { KeptReason } from "./served-pair.ts";

/**
 * The intermediate representation between objects and Envoy: what the appliance does, without a word of how the objects
 * said it or of how Envoy is told. Each item is one unit of change: it becomes one Envoy resource (a cluster's endpoints
 * are an item of their own), keyed by `type` and `name`.
 */
export type IrItem =
  | IrListener
  | IrRouteTable
  | IrVirtualHost
  | IrCluster
  | IrEndpoints
  | IrGateway
  | IrTunnel
  | IrCertificate
  | IrClientValidation;
export type IrType = IrItem["type"];

/** Milliseconds. */
export type Millis = number;

/** A set of virtual hosts: `http` for plain HTTP, `https` and `https-<policy>` for the hosts of one TLS chain. */
export interface IrRouteTable {
  readonly type: "routeTable";
  readonly name: string;
  /**
   * The answer to an authority that no virtual host serves: 421 (RFC 9110 §15.5.20) on a TLS chain. Undefined: Envoy's own
   * 404, or a catch-all virtual host.
   */
  readonly unserved: 421 | undefined;
}

export interface IrVirtualHost {
  readonly type: "virtualHost";
  /** `<route table>/<host>`: the name by which Envoy's VHDS finds it. */
  readonly name: string;
  readonly routeTable: string;
  /** A name, a wildcard (`*.example.com`: one label, as in Ingress), or `*` for every authority that nobody else serves. */
  readonly host: string;
  /** In order: the first that matches wins. */
  readonly routes: readonly IrRoute[];
  /** Of a wildcard: what names more than one label below it get, the routes of {@link ANY_HOST}'s virtual host. */
  readonly beyond?: readonly IrRoute[];
  /** For all of `routes`, and none of `beyond`. */
  readonly policies?: IrPolicies;
  /** UDP ports on which its clients may come by HTTP/3. Absent: none. */
  readonly http3?: readonly number[];
  /** Its connections ask clients for certificates or tokens: where others served it before, they may no more. */
  readonly guarded?: true;
}

/** Where an upstream comes from. Identity is this tuple, never a joined string. */
export interface UpstreamIdentity {
  /** The discovery backend; `local` for the home's own objects. */
  readonly backend: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** A Service may have the same number for both. */
  readonly transport: "tcp" | "udp";
}

export interface IrCluster {
  readonly type: "cluster";
  /** {@link clusterName} of the identity. */
  readonly name: string;
  readonly upstream: UpstreamIdentity;
  readonly protocol: "http1" | "http2";
  readonly tls: boolean;
  /** The server name of TLS connections to it, unless its endpoints have names of their own. */
  readonly sni?: string;
  /** Its certificate is verified: by these authorities (PEM), and has one of these names. */
  readonly verify?: { readonly authorities: string; readonly names: readonly string[] };
  /**
   * The names of the gateways, sorted, that are on the way to some of its endpoints. Empty: all are reached directly, but may come to be
   * behind one; undefined: they may not.
   */
  readonly gateways?: readonly string[];
  readonly connectTimeout: Millis;
  /** After so long without a request a connection is closed; 0 means never. Undefined: after Envoy's hour. */
  readonly idleTimeout?: Millis;
  /** Undefined: round robin. */
  readonly loadBalancing?: IrLoadBalancing;
  readonly slowStart?: IrSlowStart;
  /** Undefined: answers are passed on as they are. */
  readonly compression?: IrCompression;
  readonly healthCheck: IrHealthCheck | undefined;
  readonly outlierDetection: boolean;
  readonly circuitBreaker: IrCircuitBreaker;
  /** Upstreams that take over, in this order, when too few endpoints of those before are healthy. */
  readonly fallbacks?: readonly UpstreamIdentity[];
  /** Zones whose endpoints are used before others of the same upstream, in this order. */
  readonly zones?: readonly string[];
  /** Its endpoints are of these upstreams, its own among them, each with its part of the requests. Undefined: its own alone. */
  readonly shares?: readonly IrShare[];
}

/** An upstream with its part of what a cluster of several is sent, in relation to the others; at least 1. */
export interface IrShare {
  readonly upstream: UpstreamIdentity;
  readonly weight: number;
}

/** What is smaller fits into one packet as it is. */
export const LEAST_COMPRESSED_BYTES = 1024;

/** Answers of at least {@link LEAST_COMPRESSED_BYTES} are encoded for clients that take it. */
export interface IrCompression {
  /** Content codings (RFC 9110 §8.4.1). The first is used where a client takes no other more gladly. */
  readonly encodings: readonly ("br" | "zstd" | "gzip")[];
  /** Media types whose answers are encoded. */
  readonly types: readonly string[];
}

export type IrLoadBalancing = "leastRequest" | "random" | "ringHash";

/** A new endpoint's share grows over the window (Envoy: SlowStartConfig). */
export interface IrSlowStart {
  readonly window: Millis;
  readonly aggression: number;
  readonly minimumPercent: number;
}

export interface IrHealthCheck {
  /** Undefined: an endpoint that takes a connection is healthy. */
  readonly path: string | undefined;
  /** The authority that a check names; our own unless given. */
  readonly host?: string;
  /** What is healthy, from `start` up to, not including, `end`; 200 alone unless given. */
  readonly statuses?: readonly { readonly start: number; readonly end: number }[];
  readonly interval: Millis;
  readonly timeout: Millis;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** Undefined: the appliance's default. */
export interface IrCircuitBreaker {
  readonly maxConnections: number | undefined;
  readonly maxPendingRequests: number | undefined;
  readonly maxRequests: number | undefined;
  readonly maxRetries: number | undefined;
  readonly perHostMaxConnections: number | undefined;
}

export interface IrEndpoints {
  readonly type: "endpoints";
  /** The cluster's name. */
  readonly name: string;
  /** Sorted by address and port. Empty is an answer: zero endpoints are known. */
  readonly endpoints: readonly IrEndpoint[];
  /** Where health checks ask; the port for traffic unless given. */
  readonly healthPort?: number;
  /** Its cluster's {@link IrCluster.shares}: every endpoint is of one of them. */
  readonly shares?: readonly IrShare[];
}

/** A proxy that opens connections for us (CONNECT, RFC 9110 §9.3.6) to upstreams that cannot be reached directly. */
export interface IrGateway {
  readonly type: "gateway";
  /** {@link gatewayName} of the backend and the gateway's version; its {@link IrEndpoints} have the same. */
  readonly name: string;
  readonly backend: string;
  /** As it is written: a name or an address, with its port. */
  readonly address: string;
  /** `http1`: a connection of its own for each tunnel. */
  readonly protocol: "http1" | "http2";
  readonly tls?: IrGatewayTls;
  readonly connectTimeout: Millis;
  /** Why its address is not known, in words. */
  readonly problem?: string;
}

export interface IrGatewayTls {
  /** PEM of those who sign its certificate. */
  readonly authorities: string;
  /** What its certificate has to be for, and what it is asked for by SNI. */
  readonly serverName: string;
  /** What it is shown; PEM. The key is a secret: it never reaches a log, an answer or a metric. */
  readonly client?: { readonly chain: string; readonly privateKey: string };
}

/** Where Envoy takes the connections of its own upstreams that have to go through a gateway. */
export interface IrTunnel {
  readonly type: "tunnel";
  /** Of the gateway. */
  readonly name: string;
  /** Path of a Unix socket. */
  readonly socket: string;
}

export interface IrEndpoint {
  readonly address: string;
  readonly port: number;
  /** `draining` takes no new request while others stand (serving and terminating in Kubernetes' words). */
  readonly health: "healthy" | "draining";
  readonly zone: string | undefined;
  /** In relation to the others of its priority, at least 1; 1 unless given. */
  readonly weight?: number;
  /** Used when too few of the lower ones are healthy. 0 unless given; of those that occur none is left out. */
  readonly priority?: number;
  /** The fallback of the cluster that it belongs to, or the upstream that shares in it; the cluster's own unless given. */
  readonly of?: UpstreamIdentity;
  /** The gateway that connections to it go through; undefined: directly. */
  readonly tunnel?: Pick<IrTunnel, "name" | "socket">;
}

export interface IrCertificate {
  readonly type: "certificate";
  /** The server name that it is served for: a host, or a wildcard; or {@link FALLBACK_CERTIFICATE}, or {@link http3Certificate}. */
  readonly name: string;
  /** PEM: the leaf first. */
  readonly chain: string;
  /** PEM. A secret: it never reaches a log, an answer or a metric. */
  readonly privateKey: string;
  /** The Secret that it comes from. */
  readonly secret: ObjectRef;
  /** The leaf's end of validity, milliseconds since the epoch. */
  readonly notAfter: number;
  /** Its Secret holds it no more, and why; absent: it does. */
  readonly kept?: KeptReason;
}

/** The cluster's name in Envoy: no part can hold a `/`, so two upstreams never share one. `/udp` follows where it is UDP. */
export function clusterName({ backend, namespace, service, port, transport }: UpstreamIdentity): string {
  return `${backend}/${namespace}/${service}/${port}${transport === "udp" ? "/udp" : ""}`;
}

/** Of a version of a backend's gateway. No upstream has such a name: theirs have more parts. */
export function gatewayName(backend: string, version: string): string {
  return `gateway/${backend}/${version}`;
}

/** Whether a listener is a gateway's. No other has a `/` in its name. */
export function isTunnel(listener: string): boolean {
  return listener.startsWith("gateway/");
}

/** The host of everything that names none. */
export const ANY_HOST = "*";

/** Route table of plain HTTP. */
export const HTTP_TABLE = "http";
/** Route table of the hosts with the default TLS policy. */
export const HTTPS_TABLE = "https";

/** Route table of the hosts that are served to clients which name no host here. */
export const FALLBACK_TABLE = "https-fallback";
/** The certificate for those clients. No server name holds a `/`. */
export const FALLBACK_CERTIFICATE = "certificates/fallback";

/** The certificate of a Secret for HTTP/3, whose chains name theirs. */
export function http3Certificate({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `certificates/http3/${namespace}/${name}`;
}

export function virtualHostName(routeTable: string, host: string): string {
  return `${routeTable}/${host}`;
}
