/**
 * Server names that the certificate of a wildcard or of the catch-all answers, up to a bound: a client's clients think of as
 * many as they like, and Envoy keeps 20 KB for each and has no bound of its own (1.40). The oldest is given up, and asked for
 * again at its next handshake.
 */
export class BorrowedNames {
  readonly #most: number;
  /** The oldest first. */
  readonly #names = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string): void {
    this.#names.delete(name);
    this.#names.add(name);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }

  /** Takes out and returns those that are too many. */
  overflow(): readonly string[] {
    const oldest: string[] = [];
    for (const name of this.#names) {
      if (this.#names.size <= this.#most) break;
      this.#names.delete(name);
      oldest.push(name);
    }
    return oldest;
  }
}
