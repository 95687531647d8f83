/** Entries a second that are read of one peer; the receiver keeps up with twice as many on half a core. */
const ENTRIES_PER_SECOND = 10_000;
/** What an entry takes at least on the wire, so that few large ones count as many. */
const BYTES_PER_ENTRY = 512;
/** Milliseconds of quiet after which a peer is forgotten: by then it may send at full pace again anyway. */
const FORGET_AFTER = 10_000;

interface Peer {
  /** Entries that it is ahead of its pace. */
  ahead: number;
  at: number;
}

/**
 * How fast peers on other machines are read: one that floods is held to its pace by flow control, and leaves the receiver
 * to the others. Times in milliseconds of one clock.
 */
export class PeerPace {
  readonly #perSecond: number;
  readonly #peers = new Map<string, Peer>();

  constructor(perSecond = ENTRIES_PER_SECOND) {
    this.#perSecond = perSecond;
  }

  /** What a peer sent; returns the milliseconds until more of it is to be read, 0 while it keeps its pace. */
  take(peer: string, entries: number, bytes: number, now: number): number {
    const known = this.#peers.get(peer) ?? this.#add(peer, now);
    const earned = ((now - known.at) * this.#perSecond) / 1000;
    known.ahead = Math.max(0, known.ahead - earned) + Math.max(entries, Math.ceil(bytes / BYTES_PER_ENTRY));
    known.at = now;
    // A second's worth may come in one burst.
    return Math.max(0, Math.ceil(((known.ahead - this.#perSecond) * 1000) / this.#perSecond));
  }

  get size(): number {
    return this.#peers.size;
  }

  #add(peer: string, now: number): Peer {
    for (const [name, { at }] of this.#peers) if (now - at > FORGET_AFTER) this.#peers.delete(name);
    const added = { ahead: 0, at: now };
    this.#peers.set(peer, added);
    return added;
  }
}
