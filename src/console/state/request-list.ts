import { signal } from "@preact/signals";
import type { RequestRow } from "#traffic/request-shown.ts";
import { type LogView, MOST_ROWS, RequestLog } from "../feed/request-log.ts";

/** Asks the feed for the requests before a time, as many as a page is given; `id` comes back with the answer. */
export type AskHistory = (id: string, to: number) => void;

/** The request list: what comes, or what was at the moment that the reader picked; held while they read. */
export class RequestList {
  readonly view = signal<LogView>({ rows: [], gaps: new Set(), version: 0, waiting: 0 });
  /** What lies before the list's oldest request. */
  readonly older = signal<"unknown" | "asked" | "nothing">("unknown");
  readonly #ask: AskHistory;
  readonly #live = new RequestLog();
  readonly #past = new RequestLog();
  #at: number | undefined;
  /** The past was asked for since it was opened, or there is none to ask for. */
  #isPastAsked = true;
  #asked = 0;
  #isPaused = false;
  #isScrolledAway = false;

  constructor(ask: AskHistory) {
    this.#ask = ask;
  }

  /** Takes over what has come since the last call. */
  paint(): void {
    this.view.value = (this.#at === undefined ? this.#live : this.#past).view();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#holdOrLetGo();
  }

  /** The reader left the top of the list, or came back. Returns whether that is new. */
  scrolledAway(isAway: boolean): boolean {
    if (this.#isScrolledAway === isAway) return false;
    this.#isScrolledAway = isAway;
    this.#holdOrLetGo();
    return true;
  }

  /** Shows what waits, also while paused. */
  showWaiting(): void {
    this.#live.letGo();
    if (this.#isPaused) this.#live.hold();
    this.paint();
  }

  /** The rows of another filter come next: nothing of what came before belongs beside them. */
  clear(): void {
    this.#live.clear();
  }

  addSnapshot(rows: readonly RequestRow[]): void {
    this.#live.addSnapshot(rows);
    if (!this.#isPastAsked && this.#at !== undefined) this.#askFor(this.#at);
  }

  add(rows: readonly RequestRow[]): void {
    this.#live.add(rows);
  }

  /** The requests up to `at` (milliseconds since the epoch) are shown, or the newest. `canAsk`: the feed stands. */
  open(at: number | undefined, canAsk: boolean): void {
    this.#at = at;
    this.#past.clear();
    this.#asked++;
    this.older.value = "unknown";
    this.#isPastAsked = at === undefined;
    if (at !== undefined && canAsk) this.#askFor(at);
  }

  /** Asks for what came before the oldest request of the list. */
  askOlder(): void {
    const { rows } = this.view.value;
    const [oldest] = rows;
    if (oldest !== undefined && rows.length < MOST_ROWS && this.older.value === "unknown")
      this.#askFor(oldest.time + 1);
  }

  /** What was asked for is not answered any more: the connection is gone, or it was not understood. */
  giveUpAsking(): void {
    if (this.older.value !== "asked") return;
    this.older.value = "unknown";
    this.#asked++;
    this.#isPastAsked = this.#at === undefined || this.#past.view().rows.length > 0;
  }

  /** The answer to a question: newest first. */
  answered(id: string, rows: readonly RequestRow[], isMore: boolean): void {
    if (id !== String(this.#asked)) return;
    (this.#at === undefined ? this.#live : this.#past).prepend(rows);
    this.older.value = isMore ? "unknown" : "nothing";
  }

  #askFor(to: number): void {
    this.#asked++;
    this.#isPastAsked = true;
    this.older.value = "asked";
    this.#ask(String(this.#asked), to);
  }

  #holdOrLetGo(): void {
    if (this.#isPaused || this.#isScrolledAway) this.#live.hold();
    else this.#live.letGo();
  }
}
