import { jsonPieces } from "#lib/json-pieces.ts";
import { Allowance } from "./allowance.ts";
import { capped, SUBSCRIPTION_LIMITS } from "./client-message.ts";
import { type CompiledFilter, compileFilter } from "./filter.ts";
import type { InSteps } from "./in-turns.ts";
import { isSeenBy } from "./markers.ts";
import type { FrameHeader, Marker, SamplingState, ServerMessage, SubscribeMessage } from "./messages.ts";
import { PendingFrame } from "./pending-frame.ts";
import type { RequestRow } from "./request-shown.ts";
import { samplingFor } from "./sampling-for.ts";
import type { SessionSources, TrafficClient } from "./session-sources.ts";
import { snapshotBody } from "./snapshot-body.ts";
import type { SharedView } from "./view-set.ts";

/** Milliseconds after which a frame goes out though nothing changed: who hears none knows that the connection is dead. */
const HEARTBEAT = 5000;

/** What a client was sent, and what it was too slow for. */
export interface SentCounts {
  frames: number;
  framesDropped: number;
  rowsDropped: number;
}

/** A part of the traffic as one client looks at it: the first picture, and what it has not been told of since. */
export class Subscription {
  readonly message: SubscribeMessage;
  readonly #client: TrafficClient;
  readonly #sources: SessionSources;
  readonly #sent: SentCounts;
  readonly #filter: CompiledFilter;
  readonly #view: SharedView & { release(): void };
  readonly #rowsPerSecond: number;
  readonly #allowance: Allowance;
  /** What happens before the picture is drawn is in it; what happens after that is told once it is shown. */
  #phase: "coming" | "drawn" | "shown" | "closed" = "coming";
  #pending = new PendingFrame();
  /** The top talkers, and the streams, as they were told last. */
  #talkers = "";
  #streams = "";
  #sequence = 0;
  /** When its last frame went out, or was left out. */
  #toldAt: number;
  #dropped = { rows: 0, frames: 0 };

  constructor(message: SubscribeMessage, client: TrafficClient, sources: SessionSources, sent: SentCounts) {
    const filter = message.filter ?? {};
    const now = sources.now();
    this.message = message;
    this.#client = client;
    this.#sources = sources;
    this.#sent = sent;
    this.#filter = compileFilter(filter, client.scope);
    const tableRows = capped(message.tableRows, SUBSCRIPTION_LIMITS.tableRows);
    this.#view = sources.views.acquire(filter, client.scope, tableRows);
    this.#rowsPerSecond = capped(message.rowsPerSecond, SUBSCRIPTION_LIMITS.rowsPerSecond);
    this.#allowance = new Allowance(this.#rowsPerSecond, now);
    this.#toldAt = now;
  }

  /** Draws the first picture, of the moment when that is done, and sends it once it is written. */
  *begin(): InSteps<void> {
    const drawing = snapshotBody(this.message, this.#client.scope, this.#filter, this.#view, this.#sources);
    const body = yield* this.#whileOpen(drawing);
    if (body === undefined) return;
    const now = this.#sources.now();
    const snapshot = { type: "snapshot", ...this.#header(now, body.requests), ...body } as const;
    this.#phase = "drawn";
    this.#toldAt = now;
    this.#talkers = JSON.stringify(body.talkers);
    this.#streams = JSON.stringify(body.streams);
    yield "turn";
    const text = yield* this.#whileOpen(written(snapshot));
    if (text === undefined) return;
    this.#phase = "shown";
    this.#send(snapshot, text);
  }

  /** Undefined: it was closed before that was done. */
  *#whileOpen<T>(work: InSteps<T>): InSteps<T | undefined> {
    while (!this.#isClosed) {
      const { done, value } = work.next();
      if (done === true) return value;
      yield value;
    }
    return undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#phase = "closed";
    this.#view.release();
  }

  addRequest(row: RequestRow): void {
    if (!this.#isDrawn || this.#rowsPerSecond === 0 || !this.#filter.row(row)) return;
    this.#drop(this.#pending.addRequest(row, this.#rowsPerSecond));
  }

  addMarker(marker: Marker): void {
    if (this.#isDrawn && isSeenBy(marker, this.#client.scope)) this.#pending.addMarker(marker);
  }

  pinsChanged(): void {
    if (this.#isDrawn) this.#pending.setPins(this.#sources.pins(this.#client.scope));
  }

  samplingChanged(sampling: SamplingState): void {
    if (this.#isDrawn) this.#pending.setSampling(samplingFor(sampling, this.#client.scope));
  }

  /** After each tick of the views. */
  viewTicked(): void {
    if (!this.#isDrawn) return;
    const { tables, columns } = this.#view.changes;
    this.#pending.addTables(tables);
    this.#pending.addColumns(columns);
    const streams = this.#sources.streams(this.#filter);
    const told = JSON.stringify(streams);
    if (told !== this.#streams) this.#pending.setStreams(streams);
    this.#streams = told;
  }

  refreshTalkers(): void {
    if (!this.#isDrawn) return;
    const talkers = this.#sources.talkers(this.#filter);
    const told = JSON.stringify(talkers);
    if (told !== this.#talkers) this.#pending.setTalkers(talkers);
    this.#talkers = told;
  }

  /** Sends what there is to say, and now and then that there is nothing; a client that is not ready gets it with a later frame. */
  flush(): void {
    if (this.#phase !== "shown") return;
    const now = this.#sources.now();
    // Backwards, too: a clock that was set back must not make it silent.
    if (this.#pending.isEmpty && Math.abs(now - this.#toldAt) < HEARTBEAT) return;
    this.#toldAt = now;
    if (!this.#client.isReady()) {
      if (this.#pending.isEmpty) return;
      this.#sequence++;
      this.#dropped = { ...this.#dropped, frames: this.#dropped.frames + 1 };
      this.#sent.framesDropped++;
      return;
    }
    this.#drop(this.#pending.keepRequests(this.#allowance.available(now)));
    const body = this.#pending.body();
    this.#allowance.spend(body.requests?.length ?? 0);
    this.#pending = new PendingFrame();
    this.#send({ type: "delta", ...this.#header(now, body.requests ?? []), ...body });
  }

  get #isClosed(): boolean {
    return this.#phase === "closed";
  }

  get #isDrawn(): boolean {
    return this.#phase === "drawn" || this.#phase === "shown";
  }

  #drop(rows: number): void {
    if (rows === 0) return;
    this.#dropped = { ...this.#dropped, rows: this.#dropped.rows + rows };
    this.#sent.rowsDropped += rows;
  }

  #header(now: number, rows: readonly RequestRow[]): FrameHeader {
    this.#sequence++;
    const newest = rows.reduce((latest, { time, duration }) => Math.max(latest, time + duration), 0);
    return {
      sequence: this.#sequence,
      time: now,
      dropped: this.#dropped,
      ...(newest === 0 ? {} : { lag: Math.max(0, Math.round(now - newest)) }),
    };
  }

  #send(message: ServerMessage, text?: string): void {
    this.#sent.frames++;
    this.#client.send(message, text);
  }
}

function* written(message: ServerMessage): InSteps<string> {
  const pieces: string[] = [];
  for (const piece of jsonPieces(message)) {
    pieces.push(piece);
    yield "next";
  }
  return pieces.join("");
}
