import type { Millis } from "./ir.ts";
import type { IrJwtProvider } from "./ir-jwt.ts";

export type TlsVersion = "1.2" | "1.3";

/** What the hosts of one filter chain have in common: hosts with equal policies share a chain and a route table. */
export interface TlsPolicy {
  readonly minimumVersion: TlsVersion;
  readonly maximumVersion: TlsVersion;
  /** Absent: clients show no certificate. */
  readonly client?: TlsClientPolicy;
}

/** Clients are asked for certificates. */
export interface TlsClientPolicy {
  /** Name of the {@link IrClientValidation} that says which are good. */
  readonly validation: string;
  /** A client without a certificate is taken, too. */
  readonly optional: boolean;
  /** What the upstream is told of it, in X-Forwarded-Client-Cert. */
  readonly forward: readonly ("subject" | "cert" | "chain" | "dns" | "uri")[];
}

/**
 * Which certificates of clients are good. It is a secret of its own for Envoy and no part of the listener: a list that Envoy cannot
 * read must not refuse a listener to everybody.
 */
export interface IrClientValidation {
  readonly type: "clientValidation";
  /** {@link clientValidationName} of the host. */
  readonly name: string;
  /** PEM of those who may have signed them. */
  readonly authorities: string | undefined;
  /** Certificates are asked for and not looked at, as Contour's `skipClientCertValidation`: that is the upstream's concern. */
  readonly takesUntrusted: boolean;
  /** PEM of lists of revoked certificates. */
  readonly revoked: string | undefined;
  /** Only the client's own certificate is looked for in them, not those above it. */
  readonly revokedLeafOnly: boolean;
}

/** No server name holds a `/`: none of them is ever taken for it. */
export function clientValidationName(host: string): string {
  return `clients/${host}`;
}

export interface IrListener {
  readonly type: "listener";
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly proxyProtocol: boolean;
  /** Proxies in front whose X-Forwarded-For entries are believed; 0 trusts the connection alone. */
  readonly trustedHops: number;
  readonly serves:
    | { readonly protocol: "http"; readonly routeTable: string; readonly rateLimit?: IrRateLimitService }
    /** Chains with `serverNames` are chosen by SNI; exactly one has none and takes the rest. */
    | { readonly protocol: "https"; readonly chains: readonly IrTlsChain[]; readonly rateLimit?: IrRateLimitService }
    /** QUIC. Each chain has server names, and one certificate; other handshakes are refused. */
    | { readonly protocol: "http3"; readonly chains: readonly IrTlsChain[]; readonly rateLimit?: IrRateLimitService }
    /** An empty cluster name: connections are closed. */
    | { readonly protocol: "tcp" | "udp"; readonly cluster: string };
}

/** Who is asked for all hosts whether a request is within its limits (see IrRateLimit). */
export interface IrRateLimitService {
  /** Empty: there is nobody to ask. */
  readonly cluster: string;
  /** What the service is called when it is asked. */
  readonly authority: string;
  readonly domain: string;
  /** Whether requests pass when the service cannot be asked. */
  readonly failOpen: boolean;
  readonly timeout: Millis;
  /** Whether answers tell the client of its limits (draft-polli-ratelimit-headers). */
  readonly headers: boolean;
  /** Whether a gRPC client gets RESOURCE_EXHAUSTED instead of UNAVAILABLE. */
  readonly resourceExhausted: boolean;
}

export interface IrTlsChain {
  readonly name: string;
  readonly serverNames: readonly string[];
  /** `passthrough`: TLS is the upstream's, and only the server name is looked at. */
  readonly policy: TlsPolicy | "passthrough";
  /** The name of the certificate (`IrCertificate`) of all its handshakes; absent: the one of the server name. */
  readonly certificate?: string;
  /** Of a chain with `tcp` there is no such table. */
  readonly routeTable: string;
  /** Connections go there as they are, instead of being read as requests; empty: they are closed. */
  readonly tcp?: readonly IrTcpCluster[];
  /** Whose tokens its routes may ask for. */
  readonly jwt?: readonly IrJwtProvider[];
}

/** Weights are relative. */
export interface IrTcpCluster {
  readonly name: string;
  readonly weight: number;
}
