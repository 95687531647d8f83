/** Milliseconds for which a source is waited for that has told nothing but its first reading. */
const FIRST_PATIENCE = 10_000;
/** So many of its own intervals a source may be late, and this many milliseconds. */
const LATE_INTERVALS = 1.5;
const LATE = 2000;

interface Known {
  readonly to: number;
  /** After that it is no longer waited for. */
  readonly patience: number;
}

/**
 * Until when all is counted. Envoys tell their counters at times and intervals of their own: figures of the last seconds wait
 * for the slowest of them, and not for one that is later than it was before. Times in milliseconds since the epoch.
 */
export class Coverage {
  readonly #sources = new Map<string, Known>();
  #since: number | undefined;

  /** A source told what it counted from `from` to `to`; equal for its first reading. */
  add(source: string, from: number, to: number): void {
    this.#since ??= to;
    const late = to > from ? LATE_INTERVALS * (to - from) + LATE : FIRST_PATIENCE;
    this.#sources.set(source, { to, patience: to + late });
  }

  forget(source: string): void {
    this.#sources.delete(source);
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#sources.clear();
    this.#since = undefined;
  }

  /** The whole seconds since the epoch, `[from, to)`, of the last `width` that are counted. */
  window(now: number, width: number): { readonly from: number; readonly to: number } {
    const waitedFor = [...this.#sources.values()].filter(({ patience }) => patience >= now).map(({ to }) => to);
    const to = Math.floor(Math.min(now, ...waitedFor) / 1000);
    return { from: Math.max(to - width, Math.floor((this.#since ?? to * 1000) / 1000)), to };
  }
}
