import type { Millis } from "./ir.ts";
import type { TlsPolicy } from "./ir-listener.ts";

/** What translation needs to know of the configuration. */
export interface TranslateSettings {
  readonly listeners: readonly ListenerSettings[];
  /** The name of the class that is ours, also where no IngressClass object stands. */
  readonly ingressClass: string;
  /** Whether an Ingress without a class is ours when no IngressClass is marked as the default. */
  readonly claimUnclassed: boolean;
  /** Whether plain HTTP redirects to HTTPS on hosts with TLS, unless their Ingress says otherwise. */
  readonly httpsRedirect: boolean;
  readonly proxies: ProxySettings;
  readonly tls: TlsPolicy;
  /** The Secret of the certificate for clients that name no host here. Undefined: they get none, and no handshake. */
  readonly fallbackCertificate?: { readonly namespace: string; readonly name: string };
  readonly requestTimeout: Millis;
  readonly connectTimeout: Millis;
  readonly upstreams: UpstreamSettings;
  /** Whether there is an ACME server to order certificates from; not unless given. */
  readonly acme?: boolean;
}

/** The service for the global limits of HTTPProxies. */
export interface RateLimitSettings {
  readonly namespace: string;
  /** An ExtensionService. */
  readonly name: string;
  readonly domain: string;
  readonly failOpen: boolean;
  readonly headers: boolean;
  readonly resourceExhausted: boolean;
}

/** Of HTTPProxies. */
export interface ProxySettings {
  /** The namespaces whose proxies may have hosts of their own; empty for all. */
  readonly rootNamespaces: readonly string[];
  /** Whether a route may ask to be served over plain HTTP although its host has TLS. */
  readonly permitInsecure: boolean;
  /** Undefined: global limits have no effect. */
  readonly rateLimit?: RateLimitSettings;
}

export interface ListenerSettings {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: "http" | "https" | "tcp" | "udp";
  readonly proxyProtocol: boolean;
  readonly trustedHops: number;
  /** Of HTTPS: HTTP/3 on the same port of UDP, too. */
  readonly http3?: {
    /** The port that clients are told. */
    readonly advertisedPort: number;
  };
  /** Where TCP and UDP go; undefined for HTTP and HTTPS. */
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number | string } | undefined;
}

export interface UpstreamSettings {
  /** Port ranges, both ends included, on which an upstream may have an address of this machine. */
  readonly allowLocal: readonly { readonly from: number; readonly to: number }[];
  /** The machine's own addresses, beyond loopback and link-local. */
  readonly ownAddresses: readonly string[];
  readonly externalName: boolean;
}
