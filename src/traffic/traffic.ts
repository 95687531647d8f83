import { compareText } from "#lib/compare.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { EnvoySource } from "./admin-poller.ts";
import type { CounterReading } from "./counter-ledger.ts";
import type { EndpointBoard } from "./endpoint-board.ts";
import type { Fallbacks } from "./fallbacks.ts";
import type { NamespaceScope } from "./filter.ts";
import { IntakeCounts } from "./intake-counts.ts";
import { LocalEnvoys } from "./local-envoys.ts";
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
import type { GatewayFacts } from "./reason-gateway.ts";
import { Receiver, type ReceiverState } from "./receiver.ts";
import type { Batch } from "./receiver-messages.ts";
import { RemoteEnvoys } from "./remote-envoys.ts";
import type { RouteShares } from "./request-load.ts";
import { samplingFor } from "./sampling-for.ts";
import { Sampling } from "./sampling-loop.ts";
import type { Session } from "./session.ts";
import type { TrafficClient } from "./session-sources.ts";
import type { StreamListener } from "./streams.ts";
import { TrafficCore } from "./traffic-core.ts";
import type { TrafficOptions } from "./traffic-options.ts";
import type { TrafficStats } from "./traffic-stats.ts";

/** Milliseconds. Counters come once a second, so tables are drawn as often. */
const TICK = 1000;
const FLUSH = 200;
/** More than the budget may be shown for a moment: shares are corrected once too many have come. */
const ROW_SLACK = 1.5;

/**
 * The live traffic: exact totals from Envoy's counters, single requests from its access log, and those who look at them.
 * It is added Envoys, opened for clients, asked; it tells which shares Envoy should send.
 */
export class Traffic implements AsyncDisposable {
  readonly #options: TrafficOptions;
  readonly #now: () => number;
  readonly #core: TrafficCore;
  readonly #sampling: Sampling;
  readonly #local: LocalEnvoys;
  readonly #remote: RemoteEnvoys;
  readonly #intake = new IntakeCounts();
  readonly #timers: readonly NodeJS.Timeout[];
  #receiver: Receiver | undefined;
  #state: ReceiverState = "down";

  private constructor(options: TrafficOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { retention, retentionBytes, entriesPerSecond, sampleShare, slowThreshold } = options.settings;
    this.#core = new TrafficCore({
      retention,
      retentionBytes,
      now: this.#now,
      sampling: () => this.#samplingState(),
      later: (turn) => setImmediate(() => this.#guard(turn)),
      onPins: (targets) => {
        this.#receiver?.setPins(targets);
        this.#sampling.step(this.#now(), this.#core.load, this.#core.attention);
      },
    });
    this.#sampling = new Sampling({ budget: entriesPerSecond, sampleShare }, (shares, shown) => {
      this.#receiver?.setShares({ ...shares, shown });
      options.onShares({ ...shares, slowThreshold });
    });
    const onCounters = (reading: CounterReading, from: number, to: number): void => {
      this.#intake.addLostByEnvoy(this.#core.applyCounters(reading, from, to));
    };
    this.#local = new LocalEnvoys({
      log: options.log,
      now: this.#now,
      isWatched: () => this.#core.attention !== "none",
      streamClusters: () => this.#core.streams.clusters,
      diff: async (page, envoy, chunks, fresh) => {
        if (this.#receiver === undefined) throw new Error("the access-log receiver is not there yet");
        return this.#receiver.diff(page, envoy, chunks, fresh);
      },
      onCounters,
      onClusters: (reading) => this.#core.applyClusters(reading),
      onLost: (envoy) => this.#core.lostSight(envoy),
      say: (severity, text) => this.#sayOfEnvoy(severity, text),
    });
    this.#remote = new RemoteEnvoys({
      onCounters,
      onMemberships: (reading) => this.#core.applyMemberships(reading),
      onLost: (source) => this.#core.lostSight(source),
      onSilent: (envoy) => {
        this.#core.applyMemberships({ envoy, changed: [], gone: [], fresh: true });
        this.#receiver?.forgetReports(envoy);
      },
      onEnded: (source) => this.#core.ended(source),
      isLocal: (envoy) => this.#local.has(envoy),
      say: (severity, text) => this.#sayOfEnvoy(severity, text),
    });
    this.#timers = [
      setInterval(() => this.#guard(() => this.#tick()), TICK).unref(),
      setInterval(() => this.#guard(() => this.#core.flush()), FLUSH).unref(),
    ];
  }

  /** Resolves when Envoy can connect to the access-log service. Throws when it cannot be made. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const traffic = new Traffic(options);
    try {
      await traffic.#startReceiver();
    } catch (error) {
      await traffic[Symbol.asyncDispose]();
      throw new Error(`the access-log service at ${options.accessLogSocket} cannot start`, { cause: error });
    }
    traffic.#sampling.tell();
    return traffic;
  }

  async #startReceiver(): Promise<void> {
    const { accessLogSocket, settings, log, remote } = this.#options;
    this.#receiver = await Receiver.start({
      socketPath: accessLogSocket,
      slowThreshold: settings.slowThreshold,
      keepQueryValues: settings.keepQueryValues,
      rowsPerSecond: Math.ceil(settings.entriesPerSecond * ROW_SLACK),
      remote,
      log,
      onBatch: (batch) => this.#applyBatch(batch),
      onReport: (report, peer) => this.#guard(() => this.#remote.take(report, peer, this.#now())),
      onState: (state) => this.#setState(state),
    });
  }

  /** Begins to read an Envoy's counters. Its log entries come by themselves. */
  addEnvoy(source: EnvoySource): void {
    this.#local.add(source);
  }

  async removeEnvoy(id: string): Promise<void> {
    await this.#local.remove(id);
    this.#core.forget(id);
  }

  /** Draws a line across the graphs. */
  mark(marker: Omit<Marker, "id" | "time">): void {
    this.#core.mark({ ...marker, time: this.#now() });
  }

  #sayOfEnvoy(severity: Marker["severity"], text: string): void {
    this.mark({ kind: "envoy", severity, text });
  }

  /** The listeners of TCP and UDP, as Envoy has them now. */
  set streamListeners(listeners: readonly StreamListener[]) {
    this.#core.streams.listeners = listeners;
  }

  /** How the gateway of a backend is; undefined: no Envoy uses one. */
  gateway(backend: string): GatewayFacts | undefined {
    return this.#core.gateway(backend);
  }

  /** Of routes that have only a part of their ordinary requests logged singly. */
  set routeShares(shares: RouteShares) {
    this.#core.load.routeShares = shares;
    this.#receiver?.setRouteShares(shares);
  }

  get fallbacks(): Pick<Fallbacks, "made"> {
    return this.#core.fallbacks;
  }

  /** Where Envoys on other machines send to; undefined when none may. */
  get remotePort(): number | undefined {
    return this.#receiver?.remotePort;
  }

  /** A conversation as messages.ts has it. Nothing is sent before its client asks. */
  open(client: TrafficClient): Pick<Session, "receive" | "close"> {
    return this.#core.open(client);
  }

  snapshot(question: SnapshotQuestion, scope: NamespaceScope): Promise<SnapshotMessage> {
    return this.#core.snapshot(question, scope);
  }

  history(question: HistoryQuestion, scope: NamespaceScope): Promise<HistoryFound> {
    return this.#core.history(question, scope);
  }

  markers(scope: NamespaceScope): readonly Marker[] {
    return this.#core.markers(scope);
  }

  pins(scope: NamespaceScope): readonly Pin[] {
    return this.#core.pins(scope);
  }

  pin(target: PinTarget, seconds: number | undefined, scope: NamespaceScope): Pin {
    return this.#core.pin(target, seconds, scope);
  }

  /** False: there is none of that id, or it is not theirs to end. */
  unpin(id: string, scope: NamespaceScope): boolean {
    return this.#core.unpin(id, scope);
  }

  sampling(scope: NamespaceScope): SamplingState {
    return samplingFor(this.#samplingState(), scope);
  }

  #samplingState(): SamplingState {
    const envoys = [...this.#local.list(), ...this.#remote.list(this.#now())].sort((a, b) => compareText(a.id, b.id));
    const { load } = this.#core;
    return {
      words:
        this.#state === "ready" ? this.#sampling.words : "single requests do not come in at the moment; totals exact",
      ...this.#sampling.shares,
      budget: this.#options.settings.entriesPerSecond,
      received: Math.round(this.#sampling.received),
      requests: Math.round((load.failed + load.others) * 10) / 10,
      lost: this.#intake.lost,
      receiver: this.#state,
      totalsEvery: envoys.reduce((longest, { interval }) => Math.max(longest, interval), TICK),
      envoys: envoys.map(({ id, reachable }) => ({ id, reachable })),
    };
  }

  /** For metrics. */
  get stats(): TrafficStats {
    const { received, malformed, lost, lagSeconds } = this.#intake;
    return {
      received,
      shares: this.#sampling.shares,
      malformed,
      dropped: lost.receiver,
      droppedByEnvoy: lost.envoy,
      lagSeconds,
      receiverRestarts: this.#receiver?.restarts ?? 0,
      pollCostRatio: this.#local.costs,
      ...this.#core.stats,
    };
  }

  get board(): Pick<EndpointBoard, "failovers" | "takenOver"> {
    return this.#core.board;
  }

  #applyBatch(batch: Batch): void {
    this.#intake.add(batch, this.#now());
    this.#sampling.add(this.#now(), batch.received);
    this.#guard(() => this.#core.applyBatch(batch));
    this.#sampling.step(this.#now(), this.#core.load, this.#core.attention);
  }

  /** What is only looked at must not end the process that configures Envoy. */
  #guard(part: () => void): void {
    try {
      part();
    } catch (error) {
      this.#options.log.error("the live traffic has a gap by an error of its own", { error: errorMessage(error) });
    }
  }

  #setState(state: ReceiverState): void {
    if (state === "down")
      this.mark({ kind: "note", severity: "error", text: "The access-log receiver failed and is started again" });
    this.#state = state;
  }

  #tick(): void {
    this.#remote.tick(this.#now());
    this.#sampling.step(this.#now(), this.#core.load, this.#core.attention);
    this.#core.tick();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#local[Symbol.asyncDispose]();
    await this.#receiver?.[Symbol.asyncDispose]();
  }
}
