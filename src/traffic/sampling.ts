/** What decides how much is sent of single requests. */
export interface SamplingPolicy {
  /** Entries a second that are wanted at most. */
  readonly budget: number;
  /** The most that is sent of ordinary requests, from 0 to 1, however few they are. */
  readonly sampleShare: number;
  /** Entries a second that are taken while something is pinned: it must not be missed among the rest. */
  readonly pinnedBudget: number;
}

/** Who looks: nobody, a live view, or one that has pinned something. */
export type Attention = "none" | "watched" | "pinned";

export interface Shares {
  /** From 0 to 1, of failures and slow ones. */
  readonly failures: number;
  /** From 0 to 1, of the rest. */
  readonly sample: number;
  /** From 0 to 1, of all requests: those whose duration is in Envoy's histograms. */
  readonly latency: number;
}

/** Requests a second that the logs would bring if all of them were sent. */
export interface OfferedLoad {
  /** Failures and slow ones. */
  readonly failures: number;
  readonly others: number;
}

/** Of the budget, what ordinary requests keep even while failures need all of it: else a view shows only one side. */
const SAMPLE_RESERVE = 0.1;
/**
 * Of the budget, the most that they have: while nobody looks, and while somebody does. An entry costs Envoy as much as half a
 * request (50 µs, its cold caches included), and of fifty a second nobody reads more.
 */
const MOST_SAMPLE = { none: 0.05, watched: 0.1, pinned: 1 } as const;
/**
 * Durations a second that go into Envoy's histograms: each costs 2.5 % of a request, and of five hundred a second a
 * quantile is as true as of all.
 */
const MEASURES = 500;
/**
 * What a share rises to at most in a step. Failures are back soon; of the rest a lull must not be followed by a flood, which what
 * is pinned has the budget for: somebody waits for it.
 */
const STEEPEST_RISE = { failures: 2, others: 1.25, pinned: Number.POSITIVE_INFINITY } as const;
/** Smaller changes than this part of a share are not worth telling Envoy. */
const WORTH_TELLING = 0.1;
/** The least share that is not nothing: Envoy's fractions are millionths. */
const LEAST = 1e-6;

/**
 * The shares for the next second: failures whole until the budget is passed, the sample from what they leave. What is
 * asked for falls at once and rises by steps. Returns `shares` itself when nothing is worth changing.
 */
export function nextShares(shares: Shares, load: OfferedLoad, policy: SamplingPolicy, attention: Attention): Shares {
  const { failures, others } = load;
  const pinned = attention === "pinned";
  const budget = pinned ? Math.max(policy.budget, policy.pinnedBudget) : policy.budget;
  const wantedFailures = part(Math.max(budget * (1 - SAMPLE_RESERVE), budget - others), failures);
  const free = Math.max(budget * SAMPLE_RESERVE, budget - failures * wantedFailures);
  const left = Math.min(free, budget * MOST_SAMPLE[attention]);
  const wantedSample = Math.min(pinned ? 1 : policy.sampleShare, part(left, others));
  const next = {
    failures: step(shares.failures, wantedFailures, STEEPEST_RISE.failures),
    sample: step(shares.sample, wantedSample, pinned ? STEEPEST_RISE.pinned : STEEPEST_RISE.others),
    latency: step(shares.latency, part(MEASURES, failures + others), STEEPEST_RISE.others),
  };
  const same = next.failures === shares.failures && next.sample === shares.sample && next.latency === shares.latency;
  return same ? shares : next;
}

/** Of the ordinary entries that come in, the part that is shown: more come in than are wanted while something is pinned. */
export function shownPart(shares: Shares, { failures, others }: OfferedLoad, policy: SamplingPolicy): number {
  const free = Math.max(policy.budget * SAMPLE_RESERVE, policy.budget - failures);
  const left = Math.min(free, policy.budget * MOST_SAMPLE.watched);
  const wanted = Math.min(policy.sampleShare, part(left, others));
  return shares.sample <= 0 ? 1 : Math.min(1, wanted / shares.sample);
}

/** `showing all requests`, `showing 1 in 20, totals exact`, `showing 1 in 3 failures and 1 in 200 others, totals exact`. */
export function samplingWords({ failures, sample }: Omit<Shares, "latency">): string {
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

function step(from: number, to: number, steepest: number): number {
  if (to >= 1 && from * steepest >= 1) return 1;
  const next = to > from ? Math.min(to, Math.max(from, LEAST) * steepest) : to;
  return Math.abs(next - from) < from * WORTH_TELLING ? from : next;
}
