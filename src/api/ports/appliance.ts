import type { Problem } from "#lib/problem.ts";
import type { FollowedState } from "./backends.ts";

/** What the header of every view shows: the parts of the appliance and how they are. Sorted by name, no secrets. */
export interface ApplianceView {
  envoys(): readonly EnvoyState[];
  sources(): readonly SourceState[];
  children(): readonly ChildState[];
}

export interface EnvoyState {
  /** Envoy's node id. */
  readonly id: string;
  /** Its xDS stream stands. */
  readonly connected: boolean;
  /** Where it connects from; left out for the one on this machine. */
  readonly address?: string;
  /** The names in its certificate; left out for the one on this machine. */
  readonly names?: readonly string[];
  readonly version?: string;
  /** Whether it runs what was sent last. */
  readonly config:
    | { readonly state: "accepted"; readonly since: number }
    /** Sent, not yet answered. */
    | { readonly state: "pending"; readonly since: number }
    /** It refused something: the objects' problems say what. The rest was delivered. */
    | { readonly state: "rejected"; readonly since: number; readonly message: string };
}

/** A source of objects or a discovery backend. */
export interface SourceState {
  readonly name: string;
  readonly state: FollowedState;
  /** Milliseconds since the epoch of its last complete answer. */
  readonly lastSync?: number;
  /** For people: what it watches, or why it failed. */
  readonly detail: string;
  /** What is wrong and belongs to no single object, such as a file that is no YAML; left out when there is nothing. */
  readonly problems?: readonly Problem[];
}

/** A supervised program: Envoy, Prometheus, Alertmanager, Grafana. */
export interface ChildState {
  readonly name: string;
  readonly state: "starting" | "running" | "backoff" | "stopped" | "missing";
  readonly pid?: number;
  /** Milliseconds since the epoch of the last change of state. */
  readonly since: number;
  readonly restarts: number;
  readonly detail: string;
}
