import type { Problem } from "#lib/problem.ts";
import type { DiscoveredKey, DiscoveredService } from "./discovered.ts";

/**
 * Brings discovered services into the home: the store of this process, or a Kubernetes API. It owns what it placed and nothing
 * else: an object of anybody else's is never written, whatever its name, and what cannot be placed is told and tried again
 * when its cause is gone.
 */
export interface Placer {
  /** From now on the backend has these, in addition to what it had, and no more has those. */
  place(backend: string, upserts: readonly DiscoveredService[], removals: readonly DiscoveredService[]): void;
  /** Everything that the backend has was told: what else bears its name is a left-over from another life. */
  whole?(backend: string): void;
  /** The backend is out of reach since then (milliseconds since the epoch), or undefined: it is not. Its objects say so. */
  markStale(backend: string, since: number | undefined): void;
  /** The services of a backend that are not in the home as they should be, by key. */
  unplaced(backend: string): ReadonlyMap<DiscoveredKey, readonly Problem[]>;
  /** How far the home is behind. */
  lag(backend: string): PlacingLag;
}

export interface PlacingLag {
  /** Services that wait to be written. */
  readonly waiting: number;
  /** Since when the oldest of them waits, in milliseconds since the epoch. */
  readonly oldest: number | undefined;
}

/** A reason for which something is not placed. */
export function nameTaken(kind: string, namespace: string, name: string, holder: string): Problem {
  return {
    severity: "error",
    path: "metadata.name",
    message: `${kind} ${namespace}/${name} is ${holder}, which keeps it, so this service is not placed`,
    fix: "rename one of the two, or leave the service out of the backend by its namespaces or label selector",
  };
}
