/** What decides how much is sent of single requests. */
export interface SamplingPolicy {
  /** Entries a second that are wanted at most. */
  readonly budget: number;
  /** The most that is sent of ordinary requests, from 0 to 1, however few they are. */
  readonly sampleShare: number;
  /** Entries a second that are taken while something is pinned: it must not be missed among the rest. */
  readonly pinnedBudget: number;
}

export interface Shares {
  /** From 0 to 1, of failures and slow ones. */
  readonly failures: number;
  /** From 0 to 1, of the rest. */
  readonly sample: number;
}

/** Requests a second that the logs would bring if all of them were sent. */
export interface OfferedLoad {
  /** Failures and slow ones. */
  readonly failures: number;
  readonly others: number;
}

/** Of the budget, what ordinary requests keep even while failures need all of it: else a view shows only one side. */
const SAMPLE_RESERVE = 0.2;
/** A share rises at most to its double in a step, so that a lull is not followed by a flood. */
const STEEPEST_RISE = 2;
/** Smaller changes than this part of a share are not worth telling Envoy. */
const WORTH_TELLING = 0.1;
/** The least share that is not nothing: Envoy's fractions are millionths. */
const LEAST = 1e-6;

/**
 * The shares for the next second: failures whole until the budget is passed, the sample from what they leave. What is
 * asked for falls at once and rises by steps. Returns `shares` itself when nothing is worth changing.
 */
export function nextShares(shares: Shares, load: OfferedLoad, policy: SamplingPolicy, pinned: boolean): Shares {
  const { failures, others } = load;
  const budget = pinned ? Math.max(policy.budget, policy.pinnedBudget) : policy.budget;
  const wantedFailures = part(Math.max(budget * (1 - SAMPLE_RESERVE), budget - others), failures);
  const left = Math.max(budget * SAMPLE_RESERVE, budget - failures * wantedFailures);
  const wantedSample = Math.min(pinned ? 1 : policy.sampleShare, part(left, others));
  const next = {
    failures: step(shares.failures, wantedFailures),
    sample: step(shares.sample, wantedSample),
  };
  return next.failures === shares.failures && next.sample === shares.sample ? shares : next;
}

/** Of the ordinary entries that come in, the part that is shown: more come in than are wanted while something is pinned. */
export function shownPart(shares: Shares, { failures, others }: OfferedLoad, policy: SamplingPolicy): number {
  const left = Math.max(policy.budget * SAMPLE_RESERVE, policy.budget - failures);
  const wanted = Math.min(policy.sampleShare, part(left, others));
  return shares.sample <= 0 ? 1 : Math.min(1, wanted / shares.sample);
}

/** `showing all requests`, `showing 1 in 20, totals exact`, `showing 1 in 3 failures and 1 in 200 others, totals exact`. */
export function samplingWords({ failures, sample }: Shares): string {
  if (failures >= 1 && sample >= 1) return "showing all requests";
  if (sample <= 0) return `showing ${oneIn(failures)} of the failures and slow ones, nothing else; totals exact`;
  if (failures >= 1) return `showing all failures and slow requests, ${oneIn(sample)} of the others; totals exact`;
  return `showing ${oneIn(failures)} of the failures and slow requests, ${oneIn(sample)} of the others; totals exact`;
}

function oneIn(share: number): string {
  if (share >= 1) return "all";
  const every = 1 / share;
  return `1 in ${every < 10 ? Math.round(every * 10) / 10 : Math.round(every)}`;
}

function part(budget: number, offered: number): number {
  return offered <= budget ? 1 : Math.max(LEAST, budget / offered);
}

function step(from: number, to: number): number {
  if (to >= 1 && from * STEEPEST_RISE >= 1) return 1;
  const next = to > from ? Math.min(to, Math.max(from, LEAST) * STEEPEST_RISE) : to;
  return Math.abs(next - from) < from * WORTH_TELLING ? from : next;
}
