import { bytesHash } from "#lib/canonical.ts";

/**
 * Cuts a set into parts of about `size`, so that one member more or less touches the one part that it is in, whatever the others are.
 * Where the number of parts grows, one part gives some of its members to the new one, which is the last; where it shrinks, the last goes
 * back to where it came from (linear hashing, Litwin 1980). It depends on the members alone, so that every control plane, and each
 * start, cuts alike. Parts hold up to twice `size`, and somewhat more by chance. What is not full is one part.
 *
 * @returns parts by their number, each in the order of `members`; a part that would be empty is left out
 */
export function stableSlices<T>(
  members: readonly T[],
  keyOf: (member: T) => string,
  size: number,
): ReadonlyMap<number, readonly T[]> {
  const count = Math.ceil(members.length / size);
  if (count <= 1) return new Map(count === 0 ? [] : [[0, members]]);
  const parts = Map.groupBy(members, (member) => partOf(keyOf(member), count));
  return new Map([...parts].sort(([a], [b]) => a - b));
}

/** Of the parts that there would be at the next power of two, the one that is meant, or while there is none yet the one that will give it. */
function partOf(key: string, count: number): number {
  const digest = Number.parseInt(bytesHash(key).slice(0, 8), 16);
  const below = 2 ** Math.floor(Math.log2(count));
  const part = digest % (2 * below);
  return part < count ? part : digest % below;
}
