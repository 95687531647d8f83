import type { Marker, SamplingState } from "./messages.ts";
import type { RequestRow } from "./request-shown.ts";
import { Session } from "./session.ts";
import type { SessionSources, TrafficClient } from "./session-sources.ts";
import type { TrafficStats } from "./traffic-stats.ts";

/** Ticks between two looks at the top talkers. */
const TALKERS_EVERY = 2;

/** Those who look at the live traffic: each is told what is new, and what they were sent is counted beyond their end. */
export class Sessions {
  readonly #sources: SessionSources;
  readonly #open = new Set<Session>();
  readonly #closed = { frames: 0, framesDropped: 0, rowsDropped: 0 };
  #ticks = 0;
  /** As it was told last. */
  #sampling = "";

  constructor(sources: SessionSources) {
    this.#sources = sources;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  open(client: TrafficClient): Session {
    const session = new Session(client, this.#sources, () => this.#close(session));
    this.#open.add(session);
    return session;
  }

  #close(session: Session): void {
    if (!this.#open.delete(session)) return;
    this.#closed.frames += session.stats.frames;
    this.#closed.framesDropped += session.stats.framesDropped;
    this.#closed.rowsDropped += session.stats.rowsDropped;
  }

  addRequest(row: RequestRow): void {
    for (const session of this.#open) session.addRequest(row);
  }

  addMarker(marker: Marker): void {
    for (const session of this.#open) session.addMarker(marker);
  }

  pinsChanged(): void {
    for (const session of this.#open) session.pinsChanged();
  }

  /** After each tick of the views. */
  viewsTicked(sampling: SamplingState): void {
    const withTalkers = ++this.#ticks % TALKERS_EVERY === 0;
    const told = JSON.stringify(sampling);
    for (const session of this.#open) {
      session.viewTicked();
      if (told !== this.#sampling) session.samplingChanged(sampling);
      if (withTalkers) session.refreshTalkers();
    }
    this.#sampling = told;
  }

  flush(): void {
    for (const session of this.#open) session.flush();
  }

  get stats(): Pick<TrafficStats, "sessions" | "frames" | "framesDropped" | "rowsDropped"> {
    const sum = { ...this.#closed };
    for (const { stats } of this.#open) {
      sum.frames += stats.frames;
      sum.framesDropped += stats.framesDropped;
      sum.rowsDropped += stats.rowsDropped;
    }
    return { sessions: this.#open.size, ...sum };
  }
}
