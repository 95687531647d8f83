import type { Problem } from "#lib/problem.ts";
import type { ObjectSink } from "#store/changes.ts";

/** Where objects come from: CONTRIBUTING.md says what it owes. It fills an {@link ObjectSink}. */
export interface Source {
  /** Reads everything, then follows it until `signal`. Rejects only when the sink throws. Runs once. */
  run(signal: AbortSignal): Promise<void>;
  state(): SourceState;
  /** What is wrong and belongs to no single object, sorted. */
  problems(): readonly Problem[];
}

export interface SourceState {
  /**
   * `stale`: it, or a part of it, cannot be followed just now, and what stood there goes on. `failed`: it cannot be, and has never
   * been read.
   */
  readonly state: "syncing" | "synced" | "stale" | "failed";
  /** Milliseconds since the epoch: when all of it was last known to be in step. */
  readonly lastSync: number | undefined;
  readonly detail: string;
}

/** Whom a source tells. */
export interface SourceListener {
  readonly sink: ObjectSink;
  /** The sink has been told of everything that stands there. Called once. */
  readonly onSynced?: () => void;
  /** The list of {@link Source.problems} changed. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
}
