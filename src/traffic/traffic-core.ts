import { ClockWatch } from "./clock-watch.ts";
import { CounterLedger, type CounterReading } from "./counter-ledger.ts";
import { FlowTotals } from "./counts.ts";
import { Coverage } from "./coverage.ts";
import { type BoardReading, EndpointBoard } from "./endpoint-board.ts";
import { Fallbacks } from "./fallbacks.ts";
import type { NamespaceScope } from "./filter.ts";
import { GatewayFailures } from "./gateway-failures.ts";
import { FlowTable } from "./flows.ts";
import { History } from "./history.ts";
import { InTurns } from "./in-turns.ts";
import { Markers } from "./markers.ts";
import type { MembershipReading } from "./memberships.ts";
import type {
  HistoryFound,
  HistoryQuestion,
  Marker,
  Pin,
  PinTarget,
  SamplingState,
  SnapshotMessage,
  SnapshotQuestion,
} from "./messages.ts";
import { Pictures } from "./pictures.ts";
import type { RequestRow } from "./request-shown.ts";
import { Pins } from "./pins.ts";
import type { RawRow } from "./raw-row.ts";
import { reason } from "./reason.ts";
import type { GatewayFacts } from "./reason-gateway.ts";
import type { Batch } from "./receiver-messages.ts";
import { RequestLoad } from "./request-load.ts";
import { requestRow } from "./request-row.ts";
import { RequestRing } from "./ring.ts";
import type { Attention } from "./sampling.ts";
import type { Session } from "./session.ts";
import type { TrafficClient } from "./session-sources.ts";
import { Sessions } from "./sessions.ts";
import { Streams } from "./streams.ts";
import { TextPool } from "./text-pool.ts";
import { ViewSet } from "./view-set.ts";
import { windowOf } from "./window.ts";

export interface CoreOptions {
  /** Milliseconds that single requests and columns are kept. */
  readonly retention: number;
  /** Bytes that they may take. */
  readonly retentionBytes: number;
  /** Milliseconds since the epoch. */
  now(): number;
  sampling(): SamplingState;
  /** The pins are others now. */
  onPins(targets: readonly PinTarget[]): void;
  /** Has it done in another turn of the event loop. */
  later(turn: () => void): void;
}

/** Seconds over which rates and quantiles are taken. */
const WINDOW = 10;
/** Of the bytes, what columns take; the rest is the requests'. */
const HISTORY_PART = 0.25;
/** Times as long as single requests a flow without counters is kept: of an Envoy that started again, what is not asked for at once. */
const FLOWS_STAY = 4;

/** All that is known of the traffic, and who looks at it: no thread, no socket, no clock of its own. */
export class TrafficCore {
  readonly #options: CoreOptions;
  readonly #flows: FlowTable;
  readonly #ledger: CounterLedger;
  readonly #totals = new FlowTotals();
  readonly board = new EndpointBoard(WINDOW);
  readonly fallbacks = new Fallbacks(this.board);
  readonly #history: History;
  readonly #ring: RequestRing;
  readonly #texts = new TextPool();
  readonly #markers = new Markers();
  readonly #pins = new Pins();
  readonly #views: ViewSet;
  readonly #pictures: Pictures;
  readonly #turns: InTurns;
  readonly #sessions: Sessions;
  readonly #changedClusters = new Set<string>();
  readonly #coverage = new Coverage();
  readonly #gateways = new GatewayFailures();
  /** Of TCP and UDP. */
  readonly streams = new Streams();
  /** What was counted lately. */
  readonly load = new RequestLoad();
  #row = 0;
  readonly #clock = new ClockWatch();

  constructor(options: CoreOptions) {
    this.#options = options;
    const { retention, retentionBytes } = options;
    this.#flows = new FlowTable({ stay: FLOWS_STAY * retention, now: () => options.now() });
    this.#ledger = new CounterLedger(this.#flows);
    const forHistory = retentionBytes * HISTORY_PART;
    this.#history = new History(this.#flows, { seconds: Math.ceil(retention / 1000), bytes: forHistory });
    this.#ring = new RequestRing({ age: retention, bytes: retentionBytes - forHistory });
    this.#views = new ViewSet({ flows: this.#flows, totals: this.#totals, board: this.board }, this.#history);
    this.#pictures = new Pictures({
      views: this.#views,
      history: this.#history,
      ring: this.#ring,
      streams: this.streams,
      markers: this.#markers,
      pins: this.#pins,
      sampling: () => options.sampling(),
      now: () => options.now(),
    });
    this.#turns = new InTurns((turn) => options.later(turn));
    this.#sessions = new Sessions({
      views: this.#views,
      picture: (filter, wishes) => this.#pictures.picture(filter, wishes),
      history: (question, scope) => this.#pictures.history(question, scope),
      talkers: (filter) => this.#pictures.talkers(filter),
      inTurns: (work) => this.#turns.add(work),
      streams: (filter) => this.streams.rows(filter),
      pins: (scope) => this.#pins.seenBy(scope),
      pin: (target, seconds, scope) => this.pin(target, seconds, scope),
      unpin: (id, scope) => this.unpin(id, scope),
      now: () => this.#options.now(),
    });
  }

  /** `from` and `to`: the times of the reading before and of this one, in milliseconds. Returns entries that Envoy lost. */
  applyCounters(reading: CounterReading, from: number, to: number): number {
    this.#noticeClock();
    const { deltas, streams, entriesDropped, first } = this.#ledger.apply(reading);
    this.streams.add(reading.envoy, streams, first ? undefined : { from, to });
    this.#totals.add(deltas);
    this.#views.apply(deltas);
    const source = reading.source ?? reading.envoy;
    // The reading before may be of a clock that was ahead.
    const since = Math.min(from, to);
    this.#coverage.add(source, since, to);
    if (first) return entriesDropped;
    this.#history.addCounts(deltas, since / 1000, to / 1000);
    this.load.add(source, deltas, to - from);
    return entriesDropped;
  }

  applyClusters(reading: BoardReading): void {
    for (const cluster of this.board.apply(reading)) this.#changedClusters.add(cluster);
  }

  applyMemberships(reading: MembershipReading): void {
    for (const cluster of this.board.applyMemberships(reading)) this.#changedClusters.add(cluster);
  }

  /** A source whose counters do not come: the others' are not held back for it. */
  lostSight(source: string): void {
    this.#coverage.forget(source);
    this.load.forget(source);
  }

  /** A source whose count is over; what it counted stays counted. */
  ended(source: string): void {
    this.lostSight(source);
    this.#ledger.forget(source);
  }

  /** An Envoy that will not come back. */
  forget(envoy: string): void {
    this.ended(envoy);
    for (const cluster of this.board.names()) this.#changedClusters.add(cluster);
    this.#flows.ended(envoy);
    this.board.forget(envoy);
  }

  /** Totals do not depend on the clock. */
  #noticeClock(): void {
    if (!this.#clock.isSetBack(this.#options.now())) return;
    this.#history.clear();
    this.#coverage.clear();
  }

  applyBatch(batch: Batch): void {
    this.#noticeClock();
    for (const { second, envoy, listener, cluster, routeKey, buckets, phases } of batch.flows) {
      const flow = this.#flows.flow(envoy, listener, routeKey, cluster);
      this.#history.addLatencies(second, [{ flow, buckets, phases }]);
    }
    for (const sum of batch.endpoints) {
      this.board.addAnswers(sum);
      this.#changedClusters.add(sum.cluster);
    }
    for (const failure of batch.gateways) this.#gateways.add(failure);
    for (const raw of batch.rows) this.#addRow(raw);
  }

  #addRow(raw: RawRow): void {
    const flow = this.#flows.flow(raw.envoy, raw.listener, raw.routeKey, raw.cluster);
    const row = requestRow(raw, flow, ++this.#row, this.#texts, this.fallbacks.of(raw));
    const healths = raw.cluster === "" ? undefined : this.board.healths(raw.cluster);
    const had = row.fallback ?? row.upstream;
    const why = reason(row, healths, had && this.gateway(had.backend, row.endpoint));
    const told: RequestRow = why === undefined ? row : { ...row, why };
    this.#ring.push(told, this.#options.now());
    this.#sessions.addRequest(told);
  }

  /**
   * What is known of the gateway of a backend, with what it failed at lately, for an endpoint where one is given; undefined: no
   * Envoy uses one.
   */
  gateway(backend: string, endpoint?: string): GatewayFacts | undefined {
    const addresses = this.board.gatewayHealths(backend);
    if (addresses === undefined) return undefined;
    return { backend, addresses, failure: this.#gateways.newest(backend, endpoint, this.#options.now()) };
  }

  /** Once a second: windows, columns, tables. */
  tick(): void {
    this.#noticeClock();
    const now = this.#options.now();
    const { from, to: covered } = this.#coverage.window(now, WINDOW);
    for (const cluster of this.board.trim(now / 1000)) this.#changedClusters.add(cluster);
    this.#history.trim(Math.floor(now / 1000));
    this.#ring.trim(now);
    if (this.#pins.expire(now)) this.#pinsChanged();
    const forgotten = this.#flows.forgetIdle();
    this.#totals.move(forgotten);
    if (forgotten.length > 0) this.#views.forget(forgotten);
    this.#views.tick({
      window: windowOf(this.#history, from, covered),
      changedClusters: [...this.#changedClusters],
      touched: this.#history.takeTouched(covered),
    });
    this.#changedClusters.clear();
    this.#sessions.viewsTicked(this.#options.sampling());
  }

  /** A few times a second: what changed goes to those who look. */
  flush(): void {
    this.#sessions.flush();
  }

  mark(marker: Omit<Marker, "id">): void {
    this.#sessions.addMarker(this.#markers.add(marker));
  }

  open(client: TrafficClient): Session {
    return this.#sessions.open(client);
  }

  snapshot(question: SnapshotQuestion, scope: NamespaceScope): Promise<SnapshotMessage> {
    return this.#turns.do(this.#pictures.snapshot(question, scope));
  }

  history(question: HistoryQuestion, scope: NamespaceScope): Promise<HistoryFound> {
    return this.#turns.do(this.#pictures.history(question, scope));
  }

  markers(scope: NamespaceScope): readonly Marker[] {
    return this.#markers.seenBy(scope);
  }

  pins(scope: NamespaceScope): readonly Pin[] {
    return this.#pins.seenBy(scope);
  }

  get attention(): Attention {
    if (this.#pins.targets.length > 0) return "pinned";
    return this.#sessions.isEmpty ? "none" : "watched";
  }

  pin(target: PinTarget, seconds: number | undefined, scope: NamespaceScope): Pin {
    const pin = this.#pins.add(target, seconds, scope, this.#options.now());
    this.#pinsChanged();
    return pin;
  }

  unpin(id: string, scope: NamespaceScope): boolean {
    const removed = this.#pins.remove(id, scope);
    if (removed) this.#pinsChanged();
    return removed;
  }

  get stats(): Sessions["stats"] {
    return this.#sessions.stats;
  }

  #pinsChanged(): void {
    this.#options.onPins(this.#pins.targets);
    this.#sessions.pinsChanged();
  }
}
