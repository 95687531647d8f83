import type {
  ClientMessage,
  DeltaMessage,
  ServerMessage,
  SnapshotMessage,
  SubscribeMessage,
} from "#traffic/messages.ts";
import { backoff } from "./backoff.ts";

/** What a feed is doing. `waiting` tries again at `retryAt` (milliseconds since the epoch); `again`: after a failure. */
export type FeedState =
  | { readonly type: "connecting"; readonly again: boolean }
  | { readonly type: "live" }
  | { readonly type: "waiting"; readonly retryAt: number }
  /** The session is over: only signing in again helps. */
  | { readonly type: "signedOut" }
  | { readonly type: "closed" };

export interface LiveFeedOptions {
  /** `ws://…/api/v1/traffic`. */
  readonly url: string;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onState: (state: FeedState) => void;
  /** Asked after each connection that failed: the browser does not tell why. */
  readonly isSignedOut: () => Promise<boolean>;
}

/** Our code for a session that was ended; the API's CLOSE_SIGNED_OUT. */
const SIGNED_OUT = 4401;

/**
 * One subscription to the live traffic that holds: it connects again by itself, subscribes again after a gap, and is silent
 * while its page is hidden.
 */
export class LiveFeed implements Disposable {
  readonly #options: LiveFeedOptions;
  #subscription: Omit<SubscribeMessage, "type">;
  #socket: WebSocket | undefined;
  #state: FeedState = { type: "connecting", again: false };
  #attempt = 0;
  #sequence = 0;
  /** Subscriptions that no snapshot has answered yet: what comes before belongs to the one before. */
  #unanswered = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(subscription: Omit<SubscribeMessage, "type">, options: LiveFeedOptions) {
    this.#subscription = subscription;
    this.#options = options;
    this.#connect();
    document.addEventListener("visibilitychange", this.#onVisibility);
    globalThis.addEventListener("online", this.#onOnline);
  }

  get state(): FeedState {
    return this.#state;
  }

  /** Replaces what is subscribed to; the next message is a snapshot. */
  subscribe(subscription: Omit<SubscribeMessage, "type">): void {
    this.#subscription = subscription;
    this.#subscribe();
  }

  send(message: ClientMessage): void {
    this.#send(message);
  }

  /** Tries at once instead of at the end of the wait. */
  retry(): void {
    if (this.#state.type !== "waiting") return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  [Symbol.dispose](): void {
    this.#enter({ type: "closed" });
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    globalThis.removeEventListener("online", this.#onOnline);
    this.#socket?.close(1000);
  }

  #connect(): void {
    this.#enter({ type: "connecting", again: this.#attempt > 0 });
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#unanswered = 0;
      this.#subscribe();
      if (document.hidden) this.#send({ type: "pause" });
    });
    socket.addEventListener("message", (event: MessageEvent<string>) => this.#receive(event.data));
    socket.addEventListener("close", ({ code }) => void this.#closed(socket, code));
  }

  #receive(text: string): void {
    const message: ServerMessage = JSON.parse(text);
    if (message.type === "snapshot" || message.type === "delta") {
      if (!this.#belongs(message)) return;
      this.#attempt = 0;
      if (this.#state.type !== "live") this.#enter({ type: "live" });
    } else if (message.type === "problem") this.#unanswered = Math.max(0, this.#unanswered - 1);
    this.#options.onMessage(message);
  }

  /** Whether a frame is of the present subscription. A gap before it would leave the picture wrong: then it is asked anew. */
  #belongs(message: SnapshotMessage | DeltaMessage): boolean {
    const isNext = message.type === "snapshot" || message.sequence === this.#sequence + 1;
    this.#sequence = message.sequence;
    if (message.type === "snapshot" && this.#unanswered > 0) this.#unanswered--;
    if (this.#unanswered > 0) return false;
    if (!isNext) this.#subscribe();
    return isNext;
  }

  #subscribe(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#unanswered++;
    this.#send({ type: "subscribe", ...this.#subscription });
  }

  async #closed(socket: WebSocket, code: number): Promise<void> {
    if (socket !== this.#socket || this.#state.type === "closed") return;
    this.#socket = undefined;
    const isOver = code === SIGNED_OUT || (await this.#options.isSignedOut());
    if (this.#socket !== undefined || this.#isClosed()) return;
    if (isOver) {
      this.#enter({ type: "signedOut" });
      return;
    }
    this.#attempt++;
    const wait = backoff(this.#attempt, Math.random());
    this.#enter({ type: "waiting", retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #isClosed(): boolean {
    return this.#state.type === "closed";
  }

  #enter(state: FeedState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  readonly #onVisibility = (): void => {
    this.#send({ type: document.hidden ? "pause" : "resume" });
  };

  readonly #onOnline = (): void => this.retry();
}
