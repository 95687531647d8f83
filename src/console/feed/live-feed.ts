import type {
  ClientMessage,
  DeltaMessage,
  ServerMessage,
  SnapshotMessage,
  SubscribeMessage,
} from "#traffic/messages.ts";
import { backoff } from "./backoff.ts";

/** Why a connection failed: nothing answers, or the API does and opens no live view, because too many are open. */
export type Lost = "unreachable" | "refused";

/** What a feed is doing. `waiting` tries again at `retryAt` (milliseconds since the epoch by this machine's clock). */
export type FeedState =
  /** `lost`: after a failure. */
  | { readonly type: "connecting"; readonly lost?: Lost }
  | { readonly type: "live" }
  | { readonly type: "waiting"; readonly retryAt: number; readonly lost: Lost }
  /** The session is over: only signing in again helps. */
  | { readonly type: "signedOut" }
  /** Who is signed in may see other things now: what stands on the page is not theirs any more. */
  | { readonly type: "otherRights" }
  | { readonly type: "closed" };

export interface LiveFeedOptions {
  /** `ws://…/api/v1/traffic`. */
  readonly url: string;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onState: (state: FeedState) => void;
  /** Asked after each connection that failed: the browser does not tell why. */
  readonly whyLost: () => Promise<Lost | "signedOut">;
}

/** The API's CLOSE_SIGNED_OUT and CLOSE_OTHER_RIGHTS. */
const SIGNED_OUT = 4401;
const OTHER_RIGHTS = 4403;

/** Milliseconds without a message until a connection counts as dead. While nothing changes one comes every five seconds. */
const SILENCE = 15_000;
const LOOK_EVERY = 2000;

/**
 * One subscription to the live traffic that holds: it connects again by itself, subscribes again after a gap, notices a connection
 * that died without a word (a machine that slept, a network that went away), and is silent while its page is hidden.
 */
export class LiveFeed implements Disposable {
  readonly #options: LiveFeedOptions;
  #subscription: Omit<SubscribeMessage, "type">;
  #socket: WebSocket | undefined;
  #state: FeedState = { type: "connecting" };
  #attempt = 0;
  #sequence = 0;
  /** Subscriptions that no snapshot has answered yet: what comes before belongs to the one before. */
  #unanswered = 0;
  /** By the clock of the day: that of the page stands still while the machine sleeps. */
  #heardAt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #look = setInterval(() => this.#dropIfDead(), LOOK_EVERY);

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
    if (this.#state.type === "waiting") this.#connect(this.#state.lost);
  }

  [Symbol.dispose](): void {
    this.#end({ type: "closed" });
  }

  #connect(lost?: Lost): void {
    clearTimeout(this.#retry);
    this.#enter({ type: "connecting", ...(lost === undefined ? {} : { lost }) });
    this.#heardAt = Date.now();
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#heardAt = Date.now();
      this.#unanswered = 0;
      this.#subscribe();
    });
    socket.addEventListener("message", (event: MessageEvent<string>) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    });
  }

  #receive(text: string): void {
    this.#heardAt = Date.now();
    const message: ServerMessage = JSON.parse(text);
    if (message.type === "snapshot" || message.type === "delta") {
      if (!this.#belongs(message)) return;
      this.#attempt = 0;
      if (this.#state.type !== "live") this.#enter({ type: "live" });
    } else if (message.type === "problem" && message.id === undefined)
      this.#unanswered = Math.max(0, this.#unanswered - 1);
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
    if (document.hidden) this.#send({ type: "pause" });
  }

  #closed(code: number): void {
    if (code === SIGNED_OUT) this.#end({ type: "signedOut" });
    else if (code === OTHER_RIGHTS) this.#end({ type: "otherRights" });
    else this.#wait();
  }

  #dropIfDead(): void {
    const isWaited = this.#socket !== undefined && !document.hidden;
    if (!isWaited || Date.now() - this.#heardAt <= SILENCE) return;
    // Its own close would wait for the other side, which is not there.
    this.#socket?.close();
    this.#wait();
  }

  #wait(): void {
    this.#socket = undefined;
    this.#attempt++;
    const wait = backoff(this.#attempt, Math.random());
    const lost = this.#state.type === "connecting" ? (this.#state.lost ?? "unreachable") : "unreachable";
    this.#enter({ type: "waiting", retryAt: Date.now() + wait, lost });
    this.#retry = setTimeout(() => this.retry(), wait);
    void this.#askWhy(this.#attempt);
  }

  async #askWhy(attempt: number): Promise<void> {
    const why = await this.#options.whyLost();
    // Beside the answer it may have connected, or failed, again.
    if (this.#attempt !== attempt || (this.#state.type !== "waiting" && this.#state.type !== "connecting")) return;
    if (why === "signedOut") this.#end({ type: "signedOut" });
    else if (why !== this.#state.lost) this.#enter({ ...this.#state, lost: why });
  }

  #end(state: FeedState): void {
    clearTimeout(this.#retry);
    clearInterval(this.#look);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    globalThis.removeEventListener("online", this.#onOnline);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    this.#enter(state);
  }

  #enter(state: FeedState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  readonly #onVisibility = (): void => {
    this.#heardAt = Date.now();
    if (document.hidden) this.#send({ type: "pause" });
    // Not `resume`: its snapshot could not be told from that of a subscription beside it.
    else this.#subscribe();
  };

  readonly #onOnline = (): void => this.retry();
}
