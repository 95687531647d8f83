/** Envoys on other machines that are told apart; further ones share a name. */
const MOST = 200;
const LONGEST = 128;
/** What those are called that are too many. */
export const OTHER_ENVOYS = "(others)";

/**
 * What Envoys on other machines are called. Names become parts of rows and keys that are kept, so their number and length
 * are bounded, and what is no letter for people is replaced.
 */
export class EnvoyNames {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  nameOf(node: string): string {
    const name = node.slice(0, LONGEST).replaceAll(/\p{Cc}/gu, "?");
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#most) return OTHER_ENVOYS;
    this.#known.add(name);
    return name;
  }
}
