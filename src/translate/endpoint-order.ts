import { LARGEST_PRIORITY } from "#resources/annotations.ts";
import { MOST_ZONES } from "#resources/preference.ts";
import type { Candidate } from "./candidates.ts";
import type { UpstreamIdentity } from "./ir.ts";

/** What one upstream of a chain has. */
interface Link {
  readonly candidates: readonly Candidate[];
  readonly of: UpstreamIdentity;
}

/**
 * The candidates of a chain of upstreams in the order in which they are used: all of an upstream before those of the next, of one
 * upstream by the priorities of its slices, of one priority by its preferred zones. Each place in it is a priority in Envoy.
 *
 * @param zones of each link; those of a zone that is not among them come last
 */
export function inOrder(chain: readonly Link[], zones: readonly (readonly string[])[]): readonly Candidate[] {
  if (chain.length === 1 && zones[0]?.length === 0) return chain[0]?.candidates ?? [];
  return chain.flatMap(({ candidates, of }, link) =>
    candidates.map((candidate) => {
      const preferred = zones[link] ?? [];
      const found = candidate.zone === undefined ? -1 : preferred.indexOf(candidate.zone);
      const zone = found < 0 ? preferred.length : found;
      // One number that orders as the three of them do.
      const priority = (link * (LARGEST_PRIORITY + 1) + (candidate.priority ?? 0)) * (MOST_ZONES + 1) + zone;
      // The first is the cluster's own.
      return { ...candidate, priority, ...(link === 0 ? {} : { of }) };
    }),
  );
}

/** The candidates of upstreams that share what is sent: each upstream has its own order, and all begin at the first place. */
export function sideBySide(links: readonly Link[], zones: readonly (readonly string[])[]): readonly Candidate[] {
  return links.flatMap((link, index) => {
    const ordered = inOrder([link], [zones[index] ?? []]);
    const ranks = [...new Set(ordered.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
    return ordered.map((candidate) => ({
      ...candidate,
      priority: ranks.indexOf(candidate.priority ?? 0),
      of: link.of,
    }));
  });
}
