/** What DNS says of a name, as far as it is known. */
export interface ResolvedName {
  /** By the last answer; none is an answer, too. Undefined: there was never one. */
  readonly addresses: readonly string[] | undefined;
  /** Why there is no newer answer, in words; undefined while the last one holds. */
  readonly failure?: string;
}

/** The topic of the facts by which units say which names they want to know of. */
export const WANTED_NAMES = "wanted names";
