import { unreachable } from "#lib/unreachable.ts";
import {
  capped,
  HISTORY_QUESTIONS,
  parseClientMessage,
  REPLACED_SUBSCRIPTION,
  SUBSCRIPTION_LIMITS,
  TOO_MANY_QUESTIONS,
} from "./client-message.ts";
import { type CompiledFilter, compileFilter, type NamespaceScope } from "./filter.ts";
import { isSeenBy } from "./markers.ts";
import type {
  FrameHeader,
  HistoryAnswer,
  HistoryMessage,
  Marker,
  PinTarget,
  Pin,
  SamplingState,
  ServerMessage,
  SnapshotMessage,
  SubscribeMessage,
} from "./messages.ts";
import type { RequestRow, Talkers } from "./request-shown.ts";
import type { StreamTotals } from "./table-rows.ts";
import { PendingFrame } from "./pending-frame.ts";
import { Allowance } from "./allowance.ts";
import { samplingFor } from "./sampling-for.ts";
import { snapshotBody } from "./snapshot-body.ts";
import { SubscriptionTurns } from "./subscription-turns.ts";
import type { SharedView, ViewSet } from "./view-set.ts";

/** Milliseconds after which a frame goes out though nothing changed: who hears none knows that the connection is dead. */
const HEARTBEAT = 5000;

/** Who looks at the live traffic. */
export interface TrafficClient {
  readonly name: string;
  /** Nothing outside of it is ever sent. */
  readonly scope: NamespaceScope;
  /** Where they may pin. */
  readonly operates: NamespaceScope;
  send(message: ServerMessage): void;
  /** Whether a frame would go out now, or only wait in a buffer. */
  isReady(): boolean;
}

/** What a session asks of the room. */
export interface SessionSources {
  readonly views: ViewSet;
  /** The snapshot's parts that are no table. */
  picture(filter: CompiledFilter, wishes: PictureWishes): Picture;
  history(query: Omit<HistoryMessage, "type" | "id">, scope: NamespaceScope): Omit<HistoryAnswer, "type" | "id">;
  talkers(filter: CompiledFilter): Talkers;
  streams(filter: CompiledFilter): readonly StreamTotals[];
  pins(scope: NamespaceScope): readonly Pin[];
  pin(target: PinTarget, seconds: number | undefined, scope: NamespaceScope): Pin;
  unpin(id: string, scope: NamespaceScope): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface PictureWishes {
  readonly scope: NamespaceScope;
  readonly recentRows: number;
  /** Seconds. */
  readonly columns: number;
}

export type Picture = Pick<
  SnapshotMessage,
  "columns" | "requests" | "talkers" | "streams" | "sampling" | "markers" | "pins"
>;

interface Subscription {
  readonly message: SubscribeMessage;
  readonly filter: CompiledFilter;
  readonly view: SharedView & { release(): void };
  readonly rowsPerSecond: number;
  readonly allowance: Allowance;
  pending: PendingFrame;
  /** The top talkers, and the streams, as they were told last. */
  talkers: string;
  streams: string;
  sequence: number;
  /** When its last frame went out, or was left out. */
  toldAt: number;
  dropped: { rows: number; frames: number };
}

type State =
  | { readonly type: "idle" }
  | { readonly type: "live"; readonly subscription: Subscription }
  | { readonly type: "paused"; readonly subscription: Subscription }
  | { readonly type: "closed" };

/** One client's conversation: its choice, what it has not been told yet, what it was too slow for. */
export class Session {
  readonly #client: TrafficClient;
  readonly #sources: SessionSources;
  readonly #onClose: (session: Session) => void;
  readonly #questions: Allowance;
  readonly #turns: SubscriptionTurns;
  #state: State = { type: "idle" };
  #frames = 0;
  #framesDropped = 0;
  #rowsDropped = 0;

  constructor(client: TrafficClient, sources: SessionSources, onClose: (session: Session) => void) {
    this.#client = client;
    this.#sources = sources;
    this.#onClose = onClose;
    this.#questions = new Allowance(HISTORY_QUESTIONS.perSecond, sources.now(), HISTORY_QUESTIONS.atOnce);
    this.#turns = new SubscriptionTurns(sources.now());
  }

  /** Frames sent and dropped, and rows dropped, since it was opened. */
  get stats(): { readonly frames: number; readonly framesDropped: number; readonly rowsDropped: number } {
    return { frames: this.#frames, framesDropped: this.#framesDropped, rowsDropped: this.#rowsDropped };
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
      case "history": {
        const { type, id, ...query } = message;
        const isAnswered = this.#questions.available(this.#sources.now()) >= 1;
        if (isAnswered) this.#questions.spend(1);
        this.#client.send(
          isAnswered
            ? { type, id, ...this.#sources.history(query, this.#client.scope) }
            : { type: "problem", id, ...TOO_MANY_QUESTIONS },
        );
        return;
      }
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
    const live = this.#live();
    if (live === undefined || live.rowsPerSecond === 0 || !live.filter.row(row)) return;
    this.#drop(live, live.pending.addRequest(row, live.rowsPerSecond));
  }

  addMarker(marker: Marker): void {
    if (isSeenBy(marker, this.#client.scope)) this.#live()?.pending.addMarker(marker);
  }

  pinsChanged(): void {
    this.#live()?.pending.setPins(this.#sources.pins(this.#client.scope));
  }

  samplingChanged(sampling: SamplingState): void {
    this.#live()?.pending.setSampling(samplingFor(sampling, this.#client.scope));
  }

  /** After each tick of the views. */
  viewTicked(): void {
    const live = this.#live();
    if (live === undefined) return;
    const { tables, columns } = live.view.changes;
    live.pending.addTables(tables);
    live.pending.addColumns(columns);
    const streams = this.#sources.streams(live.filter);
    const told = JSON.stringify(streams);
    if (told !== live.streams) live.pending.setStreams(streams);
    live.streams = told;
  }

  refreshTalkers(): void {
    const live = this.#live();
    if (live === undefined) return;
    const talkers = this.#sources.talkers(live.filter);
    const told = JSON.stringify(talkers);
    if (told !== live.talkers) live.pending.setTalkers(talkers);
    live.talkers = told;
  }

  /** Sends what there is to say, and now and then that there is nothing; a client that is not ready gets it with a later frame. */
  flush(): void {
    const next = this.#turns.take(this.#sources.now());
    if (next !== undefined) this.#subscribe(next.message);
    if (next?.isPaused === true) this.#pause();
    const live = this.#live();
    if (live === undefined) return;
    const now = this.#sources.now();
    // Backwards, too: a clock that was set back must not make it silent.
    if (live.pending.isEmpty && Math.abs(now - live.toldAt) < HEARTBEAT) return;
    live.toldAt = now;
    if (!this.#client.isReady()) {
      if (live.pending.isEmpty) return;
      live.sequence++;
      live.dropped = { ...live.dropped, frames: live.dropped.frames + 1 };
      this.#framesDropped++;
      return;
    }
    this.#drop(live, live.pending.keepRequests(live.allowance.available(now)));
    const body = live.pending.body();
    live.allowance.spend(body.requests?.length ?? 0);
    live.pending = new PendingFrame();
    this.#send({ type: "delta", ...this.#header(live, now, body.requests ?? []), ...body });
  }

  #ask(message: SubscribeMessage): void {
    const { isNow, replaces } = this.#turns.ask(message, this.#sources.now());
    if (replaces) this.#client.send(REPLACED_SUBSCRIPTION);
    if (isNow) this.#subscribe(message);
  }

  #pause(): void {
    if (this.#state.type === "live") this.#state = { ...this.#state, type: "paused" };
  }

  #subscribe(message: SubscribeMessage): void {
    this.#end();
    const { views } = this.#sources;
    const now = this.#sources.now();
    const { scope } = this.#client;
    const filter = message.filter ?? {};
    const rowsPerSecond = capped(message.rowsPerSecond, SUBSCRIPTION_LIMITS.rowsPerSecond);
    const subscription: Subscription = {
      message,
      filter: compileFilter(filter, scope),
      view: views.acquire(filter, scope, capped(message.tableRows, SUBSCRIPTION_LIMITS.tableRows)),
      rowsPerSecond,
      allowance: new Allowance(rowsPerSecond, now),
      pending: new PendingFrame(),
      talkers: "",
      streams: "",
      sequence: 0,
      toldAt: now,
      dropped: { rows: 0, frames: 0 },
    };
    this.#state = { type: "live", subscription };
    const body = snapshotBody(message, scope, subscription.filter, subscription.view, this.#sources);
    subscription.talkers = JSON.stringify(body.talkers);
    subscription.streams = JSON.stringify(body.streams);
    this.#send({ type: "snapshot", ...this.#header(subscription, now, body.requests), ...body });
  }

  #end(): void {
    if (this.#state.type === "live" || this.#state.type === "paused") this.#state.subscription.view.release();
  }

  #live(): Subscription | undefined {
    return this.#state.type === "live" ? this.#state.subscription : undefined;
  }

  #drop(live: Subscription, rows: number): void {
    if (rows === 0) return;
    live.dropped = { ...live.dropped, rows: live.dropped.rows + rows };
    this.#rowsDropped += rows;
  }

  #header(live: Subscription, now: number, rows: readonly RequestRow[]): FrameHeader {
    live.sequence++;
    const newest = rows.reduce((latest, { time, duration }) => Math.max(latest, time + duration), 0);
    return {
      sequence: live.sequence,
      time: now,
      dropped: live.dropped,
      ...(newest === 0 ? {} : { lag: Math.max(0, Math.round(now - newest)) }),
    };
  }

  #send(message: ServerMessage): void {
    this.#frames++;
    this.#client.send(message);
  }
}
