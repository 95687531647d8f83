import { unreachable } from "#lib/unreachable.ts";
import { Allowance } from "./allowance.ts";
import { HISTORY_QUESTIONS, parseClientMessage, REPLACED_SUBSCRIPTION, TOO_MANY_QUESTIONS } from "./client-message.ts";
import type { InSteps } from "./in-turns.ts";
import type { HistoryMessage, Marker, SamplingState, SubscribeMessage } from "./messages.ts";
import type { RequestRow } from "./request-shown.ts";
import type { SessionSources, TrafficClient } from "./session-sources.ts";
import { type SentCounts, Subscription } from "./subscription.ts";
import { SubscriptionTurns } from "./subscription-turns.ts";

type State =
  | { readonly type: "idle" }
  | { readonly type: "live"; readonly subscription: Subscription }
  | { readonly type: "paused"; readonly subscription: Subscription }
  | { readonly type: "closed" };

/** One client's conversation: what it asks, whether it may, and what it looks at. */
export class Session {
  readonly #client: TrafficClient;
  readonly #sources: SessionSources;
  readonly #onClose: (session: Session) => void;
  readonly #questions: Allowance;
  readonly #turns: SubscriptionTurns;
  readonly #sent: SentCounts = { frames: 0, framesDropped: 0, rowsDropped: 0 };
  #state: State = { type: "idle" };

  constructor(client: TrafficClient, sources: SessionSources, onClose: (session: Session) => void) {
    this.#client = client;
    this.#sources = sources;
    this.#onClose = onClose;
    this.#questions = new Allowance(HISTORY_QUESTIONS.perSecond, sources.now(), HISTORY_QUESTIONS.atOnce);
    this.#turns = new SubscriptionTurns(sources.now());
  }

  /** Frames sent and dropped, and rows dropped, since it was opened. */
  get stats(): Readonly<SentCounts> {
    return this.#sent;
  }

  /** A message of the client, as it came: text that may be anything. Never throws. */
  receive(text: string): void {
    if (this.#state.type === "closed") return;
    const message = parseClientMessage(text);
    switch (message.type) {
      case "problem":
        this.#client.send(message);
        return;
      case "subscribe":
        this.#ask(message);
        return;
      case "pause":
        if (!this.#turns.pause(true)) this.#pause();
        return;
      case "resume":
        if (!this.#turns.pause(false) && this.#state.type === "paused") this.#ask(this.#state.subscription.message);
        return;
      case "pin":
        if (this.#client.operates === "all" || this.#client.operates.size > 0)
          this.#sources.pin(message.pin, message.seconds, this.#client.operates);
        else this.#client.send({ type: "problem", path: "pin", message: "only an operator pins" });
        return;
      case "unpin":
        if (!this.#sources.unpin(message.id, this.#client.operates)) {
          this.#client.send({ type: "problem", path: "id", message: "there is no pin of this id" });
        }
        return;
      case "history":
        if (this.#questions.take(this.#sources.now())) this.#sources.inTurns(this.#answer(message));
        else this.#client.send({ type: "problem", id: message.id, ...TOO_MANY_QUESTIONS });
        return;
      default:
        unreachable(message);
    }
  }

  close(): void {
    this.#end();
    this.#state = { type: "closed" };
    this.#onClose(this);
  }

  addRequest(row: RequestRow): void {
    this.#live()?.addRequest(row);
  }

  addMarker(marker: Marker): void {
    this.#live()?.addMarker(marker);
  }

  pinsChanged(): void {
    this.#live()?.pinsChanged();
  }

  samplingChanged(sampling: SamplingState): void {
    this.#live()?.samplingChanged(sampling);
  }

  /** After each tick of the views. */
  viewTicked(): void {
    this.#live()?.viewTicked();
  }

  refreshTalkers(): void {
    this.#live()?.refreshTalkers();
  }

  /** A few times a second. */
  flush(): void {
    const next = this.#turns.take(this.#sources.now());
    if (next !== undefined) this.#subscribe(next.message);
    if (next?.isPaused === true) this.#pause();
    this.#live()?.flush();
  }

  #ask(message: SubscribeMessage): void {
    const { isNow, replaces } = this.#turns.ask(message, this.#sources.now());
    if (replaces) this.#client.send(REPLACED_SUBSCRIPTION);
    if (isNow) this.#subscribe(message);
  }

  /** A picture that is still being drawn comes all the same. */
  #pause(): void {
    if (this.#state.type === "live") this.#state = { ...this.#state, type: "paused" };
  }

  #subscribe(message: SubscribeMessage): void {
    this.#end();
    const subscription = new Subscription(message, this.#client, this.#sources, this.#sent);
    this.#state = { type: "live", subscription };
    this.#sources.inTurns(subscription.begin());
  }

  *#answer({ type, id, ...question }: HistoryMessage): InSteps<void> {
    const answering = this.#sources.history(question, this.#client.scope);
    // Nobody waits for what a closed one asked.
    while (this.#state.type !== "closed") {
      const { done, value } = answering.next();
      if (done === true) return this.#client.send({ type, id, ...value });
      yield value;
    }
  }

  #end(): void {
    if (this.#state.type === "live" || this.#state.type === "paused") this.#state.subscription.close();
  }

  #live(): Subscription | undefined {
    return this.#state.type === "live" ? this.#state.subscription : undefined;
  }
}
