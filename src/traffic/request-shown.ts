import type { Owner, Phases, Upstream } from "./table-rows.ts";

/** Why a request is shown: the first that applies, in this order. */
export type KeptBecause = "pinned" | "failure" | "slow" | "sample";

export interface RequestRow {
  /** Rises with the order in which requests were seen; unique while Binnacle runs. */
  readonly id: number;
  /** When the request began. */
  readonly time: number;
  /** Envoy's node id. */
  readonly envoy: string;
  readonly listener: string;
  readonly method: string;
  readonly authority: string;
  /** Without query values unless a setting keeps them: `/search?q=…` keeps the names. */
  readonly path: string;
  /** `HTTP/1.1`, `HTTP/2`, `HTTP/3`, `HTTP/1.0`; empty when it was not known. */
  readonly protocol: string;
  /** What it counts as: of gRPC, by its status as google/rpc/code.proto says. 0: no status was sent. */
  readonly code: number;
  /** gRPC's status by its name, where it was gRPC: `UNAVAILABLE`. */
  readonly grpcStatus?: string | undefined;
  /** Envoy's short names, sorted. */
  readonly flags: readonly string[];
  /** Envoy's response_code_details. */
  readonly details: string;
  /** Why the upstream connection failed, in Envoy's words; empty otherwise. */
  readonly transportFailure: string;
  /** The virtual host; empty when none took it. */
  readonly host: string;
  readonly route: string;
  readonly owner?: Owner | undefined;
  /** Where its route sends it. */
  readonly upstream?: Upstream | undefined;
  /** The upstream that had it, where that is one which takes over from `upstream`. */
  readonly fallback?: Upstream | undefined;
  /** Address with port. */
  readonly endpoint?: string | undefined;
  /** Upstream attempts: 0 when Envoy answered by itself, more than 1 after retries. */
  readonly attempts: number;
  readonly duration: number;
  readonly phases: Phases;
  /** On the wire, head and body. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Address without port, as the trusted hops give it. */
  readonly client: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** The W3C trace id of the request's traceparent, when it came with one. */
  readonly traceId?: string | undefined;
  readonly kept: KeptBecause;
  /** How many requests it stands for: 20 when 1 in 20 of its kind is shown. */
  readonly weight: number;
  /** For failures and slow ones. */
  readonly why?: Why | undefined;
}

/** For a person on call at 03:00. */
export interface Why {
  /** What happened, in a line: `No healthy endpoint in team-shop/cart`. */
  readonly summary: string;
  /** What is known about it: Envoy's words in ours, the endpoints' health. */
  readonly detail: string;
  /** What to do first. */
  readonly nextStep: string;
  /** Where to look: the side that most likely has to act. */
  readonly side: "client" | "route" | "upstream" | "appliance";
}

/** Of the last minute, estimated from the requests shown; busiest first, at most ten each. */
export interface Talkers {
  readonly clients: readonly Talker[];
  readonly paths: readonly Talker[];
  readonly agents: readonly Talker[];
  readonly routes: readonly Talker[];
}

export interface Talker {
  readonly value: string;
  readonly perSecond: number;
  readonly errorRatio: number;
}
