import type { Problem } from "#lib/problem.ts";
import type { DiscoveredKey, DiscoveredService } from "./discovered.ts";

/** The platforms that upstreams are found on. */
export const PLATFORMS = ["kubernetes", "openstack", "ec2", "digitalocean", "rackspace", "dns", "static"] as const;
export type Platform = (typeof PLATFORMS)[number];

/**
 * A platform that is followed: one folder of `discovery/` each, and the whole of what it has to be.
 *
 * - First a full set, then differences, or a full set each cycle where the platform knows no differences.
 * - A failure is told, never thrown, and tried again until the signal; what was told before goes on meanwhile. Keeping it,
 *   its age, the guard on mass deletion and the cache are `backend.ts`'s, the same for all platforms.
 * - A full set is complete for every scope that it does not list as unread: half a page is a failure, not a set.
 * - It ends soon after the signal, and tells nothing after it.
 *
 * `test/contract/discovery/` is this contract as a test that each platform passes.
 */
export interface Discoverer {
  readonly platform: Platform;
  /** Follows the platform until `signal`. Never rejects. Runs once. */
  run(report: DiscoveryReport, signal: AbortSignal): Promise<void>;
}

/** Whom a discoverer tells. Every call takes effect at once. */
export interface DiscoveryReport {
  /** What was told last, also in an earlier life of this process. */
  reported(): Iterable<DiscoveredService>;
  /** Everything that there is now. */
  full(set: FullSet): void;
  /** What changed since the last call; an upsert replaces what was known of the service. */
  changed(upserts: readonly DiscoveredService[], removals: readonly DiscoveredKey[]): void;
  /** Everything that was told still holds: the platform answers, and nothing was missed. */
  inStep(): void;
  /** It cannot be told what the platform has now. Told again at each further failure. */
  failed(failure: DiscoveryFailure): void;
  /** What is wrong upstream with single things and does not keep the rest from being found. Replaces what was told before. */
  problems(problems: readonly Problem[]): void;
}

export interface FullSet {
  readonly services: readonly DiscoveredService[];
  /** Scopes that could not be read, and with each its parts (`region` for `region.team`): their services go on as they were. */
  readonly unread: readonly string[];
  /** How long it took to ask, in milliseconds. */
  readonly millis: number;
}

/** Few kinds, so that they can be a metric's label. */
export const FAILURE_KINDS = [
  "unreachable",
  "timeout",
  "credentials",
  "forbidden",
  "throttled",
  "server",
  "invalid",
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export interface DiscoveryFailure {
  readonly kind: FailureKind;
  /** In words, without secrets: what was asked of whom, and the answer. */
  readonly message: string;
  readonly fix?: string;
}

/**
 * The one vocabulary of states. `idle`: not started, or stopped. `syncing`: asked, and neither answered nor failed yet. `stale`: it
 * failed, and what was known before goes on. `failed`: it failed and has never answered, so there is nothing that could go on.
 */
export type DiscoveryState = "idle" | "syncing" | "synced" | "stale" | "failed";
