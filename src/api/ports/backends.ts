import type { Problem } from "#lib/problem.ts";
import type { ObjectRef } from "#resources/ref.ts";

/** The platforms on which upstreams are found, and what of them is here. Implementations return everything; the API cuts to the principal. */
export interface BackendsView {
  /** Sorted by name. */
  list(): readonly BackendState[];
  /** Every service that a backend has or holds. Sorted by namespace, then name. */
  services(): readonly FoundService[];
  /** The routes that send traffic to a backend's services. Sorted by their owner, then host. */
  routes(backend: string): readonly DependentRoute[];
  /** Why something about a backend is not decided at this control plane, and what to do instead; undefined: it is. */
  hindrance(backend: string, action: BackendAction): Hindrance | undefined;
  /** Lets what is held of a backend take effect. Returns how many services that were. `by`: who said so. */
  confirm(backend: string, by: string): number;
  /**
   * Drains a backend's endpoints for so many milliseconds, then takes all of it away; it is not followed again as long as the
   * configuration names it. Returns when that is complete, in milliseconds since the epoch.
   */
  remove(backend: string, drain: number, by: string): number;
  /** Takes a removal back: it is followed again, and what still drains serves on. */
  restore(backend: string, by: string): Promise<void>;
}

export type BackendAction = "confirm" | "remove" | "restore";

export interface Hindrance {
  readonly detail: string;
  readonly fix: string;
}

/**
 * How a place is in which objects are found, in the same words wherever it is shown. `idle`: not followed. `syncing`: asked, and
 * neither answered nor failed yet. `stale`: it failed, and what was known before goes on. `failed`: it has never answered, so nothing
 * of it is known. `draining`, `removed`: somebody removed it.
 */
export type FollowedState = "idle" | "syncing" | "synced" | "stale" | "failed" | "draining" | "removed";

export interface BackendState {
  readonly name: string;
  /** `kubernetes`, `static` … */
  readonly platform: string;
  readonly state: FollowedState;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it was last known to be in step, milliseconds since the epoch; left out when never. */
  readonly lastSync?: number;
  /** Why it cannot be told what the platform has now. */
  readonly failure?: BackendFailure;
  /** What its endpoints are reached through. */
  readonly gateway?: GatewayState;
  /** Services that wait to be written into the home, and since when the oldest does (milliseconds since the epoch). */
  readonly waiting: number;
  readonly waitingSince?: number;
  /** When a removal is complete, milliseconds since the epoch. */
  readonly goneAt?: number;
  /** What is wrong upstream with single things. */
  readonly problems: readonly Problem[];
}

export interface GatewayState {
  /** With its port; left out for those who do not see all namespaces. */
  readonly address?: string;
  readonly protocol: "http1" | "http2";
  readonly tls: boolean;
  /** `unused`: no route leads to what is behind it, so nobody looks. `unknown`: Envoy has not said yet. */
  readonly state: "reachable" | "unreachable" | "unused" | "unknown";
  /** What it failed at lately, or why its address is not known, in words. */
  readonly detail?: string;
}

export interface BackendFailure {
  /** One of few words: `unreachable`, `credentials` … */
  readonly kind: string;
  readonly message: string;
  readonly fix?: string;
}

/** One service of one backend. */
export interface FoundService {
  readonly backend: string;
  /** Where it stands upstream: in Kubernetes a namespace, and its name there. */
  readonly scope: string;
  readonly service: string;
  /** Where it stands here, and the name of its Service. */
  readonly namespace: string;
  readonly name: string;
  /** `held`: upstream lost it in a mass, and it stays until somebody confirms. `unplaced`: the problems keep it away. */
  readonly state: "replicated" | "held" | "unplaced";
  readonly isUpstream: boolean;
  /** Addresses times ports, ready or not: upstream, and here. */
  readonly upstreamEndpoints: number;
  readonly endpoints: number;
  readonly problems: readonly Problem[];
}

/** A route with services of a backend behind it. */
export interface DependentRoute {
  /** The object that made it; left out for a listener of TCP or UDP. */
  readonly owner?: ObjectRef;
  /** Empty for a listener of TCP or UDP. */
  readonly host: string;
  readonly route: string;
  readonly services: readonly DependedService[];
  /** Endpoints of other backends that stay behind it. */
  readonly remaining: number;
}

export interface DependedService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Of the route's requests, 0 to 1. */
  readonly share: number;
  readonly endpoints: number;
}
