import { isIPv6 } from "node:net";

/** Failures of one address until it has to wait. */
const FAILURES = 10;
/** Milliseconds in which they count. */
const WINDOW = 60_000;
/** Addresses that are remembered; the one whose failures began first gives way. */
const MOST_ADDRESSES = 10_000;

/**
 * Counts failed credentials by the address of the connection, so that guessing is slow and cannot fill the log: what headers say of
 * who asks whoever guesses can write anew each time. It judges attempts only: on loopback all users share an address, and a
 * session that stands is not ended by a neighbour's mistakes.
 */
export class FailureLimit {
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds that `address` has to wait before its next attempt is looked at; 0 when it need not. */
  wait(address: string): number {
    const found = this.#failures.get(networkOf(address));
    if (found === undefined || found.count < FAILURES) return 0;
    return Math.max(0, found.until - this.#now());
  }

  /** Notes a failure. True for the one that closes the door: worth a line in the log. */
  fail(address: string): boolean {
    const now = this.#now();
    const network = networkOf(address);
    const found = this.#failures.get(network);
    if (found !== undefined && found.until > now) {
      found.count++;
      return found.count === FAILURES;
    }
    this.#failures.delete(network);
    for (const key of this.#failures.keys()) {
      if (this.#failures.size < MOST_ADDRESSES) break;
      this.#failures.delete(key);
    }
    this.#failures.set(network, { count: 1, until: now + WINDOW });
    return false;
  }
}

/** Whoever has one address of IPv6 has the 2⁶⁴ of its network (RFC 4291 §2.5.4), one for each guess. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  // A listener of both families tells an address of IPv4 so.
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0"), ...tail];
  return `${groups.slice(0, 4).join(":")}::/64`;
}
