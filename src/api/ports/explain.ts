import type { Origin } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";

/** What becomes of a request, and why. Implementations cut what they tell to the namespaces that the asker sees. */
export interface ExplainView {
  /** Undefined: what takes it is in namespaces that the asker does not see. */
  explain(question: ExplainQuestion, sees: (namespace: string) => boolean): Explanation | undefined;
}

export interface ExplainQuestion {
  readonly secure: boolean;
  readonly method: string;
  /** With its port where the client writes one. */
  readonly authority: string;
  /** Path with query; begins with `/`. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** By name. Undefined: the first that speaks the protocol. */
  readonly listener?: string;
  /** SNI. Undefined: the authority's host. */
  readonly serverName?: string;
}

export interface Explanation {
  /** What the answer is, in a line: `Ingress team-shop/shop sends it to team-shop/cart:80`. */
  readonly summary: string;
  readonly listener?: {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    /** Connections have to begin with a PROXY header. */
    readonly proxyProtocol: boolean;
  };
  /** Over TLS. */
  readonly tls?: {
    readonly chain: string;
    readonly minimumVersion: string;
    readonly maximumVersion: string;
    /** Absent: none is asked for. */
    readonly clientCertificates?: "required" | "optional";
    /** The name that the certificate stands under, and the Secret that holds it where the asker sees it. */
    readonly certificate?: { readonly name: string; readonly secret?: ObjectRef };
  };
  /** Of hosts over TLS: the UDP ports on which HTTP/3 is offered, by Alt-Svc; without any, why not. */
  readonly http3?: { readonly ports: readonly number[]; readonly why?: string };
  readonly host?: { readonly name: string; readonly by: "exact" | "wildcard" | "catchAll" };
  readonly winner?: ExplainedRoute;
  /** In the order in which routes are looked at. */
  readonly losers: readonly ExplainedLoser[];
  /** Further ones, of namespaces that the asker does not see. */
  readonly hiddenLosers: number;
  /** What happens to the request, in order, in words. */
  readonly steps: readonly string[];
  /** The status that Envoy answers by itself; undefined where an upstream answers. */
  readonly status?: number;
  /** Of a redirect. */
  readonly location?: string;
  readonly upstreams: readonly ExplainedUpstream[];
  readonly mirrors: readonly (ExplainedUpstream & { readonly percent: number })[];
}

export interface ExplainedRoute {
  /** The name by which logs, metrics and the live view call it. */
  readonly route: string;
  /** The host that it belongs to. */
  readonly host: string;
  /** What it asks for, in words. */
  readonly asks: string;
  /** Undefined: the appliance's own. */
  readonly owner?: ObjectRef;
  /** The part of the object that asks for it: `spec.routes[2]`. */
  readonly rule?: string;
  /** Where the object stands. */
  readonly origin?: Origin;
}

export interface ExplainedLoser extends ExplainedRoute {
  /** It would take the request without the winner. */
  readonly matches: boolean;
  readonly why: string;
}

export interface ExplainedUpstream {
  /** Envoy's name of it. */
  readonly cluster: string;
  readonly backend: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** Of the requests, from 0 to 1. */
  readonly share: number;
  /** Who takes over, which zones come first, compression, and limits, in words. */
  readonly notes: readonly string[];
  /** Left out where answers are passed on as they are. */
  readonly compression?: ExplainedCompression;
  /** Sorted by priority, address and port. */
  readonly endpoints: readonly ExplainedEndpoint[];
}

/** How answers are encoded for those who take it. */
export interface ExplainedCompression {
  /** Content codings, the preferred one first. */
  readonly encodings: readonly string[];
  /** Media types whose answers are encoded. */
  readonly types: readonly string[];
  /** Bytes of an answer that is not too small for it. */
  readonly least: number;
  /** What such an answer comes in for this request; left out where it takes none of them (Accept-Encoding). */
  readonly chosen?: string;
}

export interface ExplainedEndpoint {
  /** Address with port. */
  readonly address: string;
  /** `draining` as the platform says; else as Envoy sees it, where it has said so. */
  readonly health: string;
  /** In relation to the others of its priority. */
  readonly weight: number;
  readonly priority: number;
  readonly zone?: string;
  /** Of the upstream that takes over, where it is not the first one's: `team/west-web:80 of west`. */
  readonly of?: string;
  /**
   * Address and port of what it is reached through, and for those who do not see all namespaces only that there is such a thing;
   * left out where it is reached directly.
   */
  readonly gateway?: string;
}
