import type { ObjectRef } from "#resources/ref.ts";
import type { Millis } from "./ir.ts";
import type { IrHeaderMatch, IrTextMatch } from "./ir-header-match.ts";
import type { IrPolicies } from "./ir-policies.ts";

/** One rule of a virtual host: which requests, and what becomes of them. */
export interface IrRoute {
  /** Stable name, unique in its virtual host; it is what a log line shows. */
  readonly name: string;
  /** The object that made it, or undefined for the appliance's own. */
  readonly owner: ObjectRef | undefined;
  readonly match: IrMatch;
  readonly action: IrForward | IrRedirect | IrDirectResponse;
  readonly requestHeaders?: IrHeaderChanges;
  readonly responseHeaders?: IrHeaderChanges;
  /** Before the virtual host's own, each for itself. */
  readonly policies?: IrPolicies;
  /** From 0 to less than 1: which part of its ordinary requests is logged singly. Absent: all. */
  readonly logShare?: number;
}

/** All parts have to match. */
export interface IrMatch {
  readonly path: IrPathMatch;
  /** Sorted: the order in which somebody wrote them says nothing. */
  readonly headers?: readonly IrHeaderMatch[];
  readonly query?: readonly IrQueryMatch[];
}

/** Of the path without query, after normalisation. */
export type IrPathMatch =
  | { readonly type: "exact"; readonly value: string }
  /** Whole path elements: `/foo` matches `/foo` and `/foo/bar`, not `/foobar`; `/` matches all. */
  | { readonly type: "prefix"; readonly value: string }
  /** Any path that begins with this text: `/foo` matches `/foobar`, too. Never `/`: that is a `prefix`. */
  | { readonly type: "textPrefix"; readonly value: string }
  /** RE2; the whole path has to match. */
  | { readonly type: "regex"; readonly value: string };

export interface IrQueryMatch {
  readonly name: string;
  readonly match: IrTextMatch;
}

export interface IrForward {
  readonly type: "forward";
  /** At least one; weights are relative, and of several at least one is above 0. */
  readonly clusters: readonly IrWeightedCluster[];
  /** Whole response; 0 means no limit. */
  readonly requestTimeout: Millis;
  /** Without a byte in either direction; 0 means no limit. Undefined: the listener's. */
  readonly idleTimeout?: Millis;
  readonly retry: IrRetry;
  /** They get copies of requests, and their answers are dropped. */
  readonly mirrors?: readonly { readonly cluster: string; readonly percent: number }[];
  /** What endpoints are chosen by where the cluster's policy is `ringHash`: all of them together, up to a terminal one. */
  readonly hash?: readonly IrHash[];
  readonly pathRewrite?: IrPathRewrite;
  readonly hostRewrite?: IrHostRewrite;
  /** Whether connections may be upgraded to WebSocket. Undefined: as the listener says, which is yes. */
  readonly websocket?: boolean;
  readonly internalRedirect?: IrInternalRedirect;
}

export interface IrWeightedCluster {
  readonly name: string;
  readonly weight: number;
  readonly requestHeaders?: IrHeaderChanges;
  readonly responseHeaders?: IrHeaderChanges;
  readonly hostRewrite?: string;
  readonly policies?: IrPolicies;
}

export type IrPathRewrite =
  /** Replaces the prefix that the route matches. */
  | { readonly type: "prefix"; readonly value: string }
  /** RE2 with substitution as Envoy has it (`\1`). */
  | { readonly type: "regex"; readonly pattern: string; readonly substitution: string };

export type IrHostRewrite =
  | { readonly type: "literal"; readonly value: string }
  /** The value of a request header. */
  | { readonly type: "header"; readonly name: string };

/** In the order remove, set. Names are lower case; values are Envoy's formats, where `%%` is a percent sign. */
export interface IrHeaderChanges {
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
}

export interface IrRetry {
  /** Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on words, comma separated. */
  readonly on: string;
  readonly attempts: number;
  readonly perTryTimeout: Millis | undefined;
  /** For `retriable-status-codes`. */
  readonly statusCodes?: readonly number[];
  /** Each goes to the endpoints of the next priority, as those of one before are likely to fail alike. */
  readonly nextPriority?: true;
}

export type IrHash = (
  | { readonly source: "header" | "query"; readonly name: string }
  | { readonly source: "address" }
  /** A cookie that Envoy sets for the session where there is none. */
  | { readonly source: "cookie"; readonly name: string }
) & { readonly terminal?: true };

/** The upstream's redirect is followed by Envoy, and the client does not see it. */
export interface IrInternalRedirect {
  readonly most: number | undefined;
  readonly codes: readonly number[];
  readonly crossScheme: "never" | "safeOnly" | "always";
  readonly denyRepeatedRoute: boolean;
}

export interface IrRedirect {
  readonly type: "redirect";
  /** Undefined: the request's. */
  readonly scheme?: "http" | "https";
  /** Undefined: the request's. */
  readonly host?: string;
  /**
   * The port that stands in the Location. Undefined: the new scheme's own where `scheme` is given and `host` is not, else that
   * of the request.
   */
  readonly port: number | undefined;
  /** Undefined: the request's. `full` is all of it. */
  readonly path?: { readonly type: "full"; readonly value: string } | IrPathRewrite;
  readonly status: 301 | 302 | 303 | 307 | 308;
}

export interface IrDirectResponse {
  readonly type: "respond";
  readonly status: number;
  readonly body: string;
}
