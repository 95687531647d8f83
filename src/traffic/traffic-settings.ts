export interface TrafficSettings {
  /** The most that is sent of ordinary requests, from 0 to 1. */
  readonly sampleShare: number;
  /** Single requests a second that are wanted at most. */
  readonly entriesPerSecond: number;
  /** Milliseconds from which on a request counts as slow. */
  readonly slowThreshold: number;
  readonly keepQueryValues: boolean;
  /** Milliseconds that single requests and columns are kept. */
  readonly retention: number;
  readonly retentionBytes: number;
}
