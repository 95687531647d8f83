import type { IrHeaderMatch } from "./ir-header-match.ts";
import type { IrJwtRequirement } from "./ir-jwt.ts";

/**
 * What is done with requests beside routing them, of a virtual host or a route. Where both have one, the route's counts; `off`
 * takes the virtual host's away. Absent: nothing is said.
 */
export interface IrPolicies {
  readonly cors?: IrCors | "off";
  readonly ipFilter?: IrIpFilter | "off";
  readonly localRateLimit?: IrLocalRateLimit | "off";
  readonly authorization?: IrAuthorization | "off";
  /** Only on a chain that knows the provider. */
  readonly jwt?: IrJwtRequirement | "off";
  /** A route's in place of its virtual host's. */
  readonly rateLimit?: IrRateLimit | "off";
  readonly cookies?: readonly IrCookieRewrite[];
}

export interface IrCors {
  readonly origins: readonly { readonly type: "any" | "exact" | "regex"; readonly value: string }[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  /** Seconds. Undefined: the browser's own. */
  readonly maxAge: number | undefined;
  readonly credentials: boolean;
  readonly privateNetwork: boolean;
}

/** Who may not: answered with 403. */
export interface IrIpFilter {
  readonly type: "allow" | "deny";
  readonly ranges: readonly IrIpRange[];
}

export interface IrIpRange {
  /** `peer` is who is connected, `remote` whom the trusted proxies in front name. */
  readonly source: "peer" | "remote";
  readonly address: string;
  readonly prefixLength: number;
}

/** Each Envoy counts for itself. */
export interface IrLocalRateLimit {
  /** Requests in a row before the rate counts: at least one fill. */
  readonly burst: number;
  /** Requests that each interval allows anew. */
  readonly fill: number;
  readonly interval: number;
  readonly status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Changes the upstream's Set-Cookie of this name; absent parts stay. */
export interface IrCookieRewrite {
  readonly name: string;
  readonly path?: string;
  readonly domain?: string;
  readonly secure?: boolean;
  readonly sameSite?: "Strict" | "Lax" | "None";
}

/** A service is asked whether a request may pass. */
export interface IrAuthorization {
  readonly cluster: string;
  /** What the service is called when it is asked. */
  readonly authority: string;
  readonly service: { readonly protocol: "grpc" } | IrHttpAuthorization;
  readonly timeout: number;
  /** Whether requests pass when the service cannot be asked. */
  readonly failOpen: boolean;
  readonly body: { readonly mostBytes: number; readonly allowPartial: boolean; readonly asBytes: boolean } | undefined;
  /** What the service is told beside the request. */
  readonly context: Readonly<Record<string, string>>;
}

export interface IrHttpAuthorization {
  readonly protocol: "http";
  /** Before the request's own path. */
  readonly pathPrefix: string;
  /** Which of its answer's headers the upstream gets. */
  readonly upstreamHeaders: readonly IrNameMatch[];
}

export interface IrNameMatch {
  readonly type: "exact" | "prefix" | "suffix" | "contains";
  readonly value: string;
  readonly ignoreCase: boolean;
}

/** What the appliance's rate-limit service is asked: whether one more request is within the limit of each descriptor. */
export interface IrRateLimit {
  readonly descriptors: readonly (readonly IrRateLimitEntry[])[];
}

export type IrRateLimitEntry =
  | { readonly type: "generic"; readonly key: string; readonly value: string }
  /** The value of a header; without it the descriptor is not asked about. */
  | { readonly type: "header"; readonly name: string; readonly key: string }
  /** `value` where the request's headers match, or do not. */
  | {
      readonly type: "headers";
      readonly headers: readonly IrHeaderMatch[];
      readonly expectMatch: boolean;
      readonly value: string;
    }
  | { readonly type: "address" };
