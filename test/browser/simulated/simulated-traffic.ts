import type { TrafficClient, TrafficSession, TrafficView } from "#api/ports/traffic.ts";
import type { NamespaceScope } from "#api/auth/principal.ts";
import type {
  ClientMessage,
  DeltaMessage,
  HistoryFound,
  HistoryQuestion,
  Marker,
  Pin,
  PinTarget,
  SamplingState,
  SnapshotMessage,
  SnapshotQuestion,
  SubscribeMessage,
  TrafficFilter,
} from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { StreamTotals } from "#traffic/table-rows.ts";
import { rowPasses } from "./passes.ts";
import { RandomTraffic } from "./random-traffic.ts";
import { makeRequest, SAMPLE } from "./request-maker.ts";
import { ROUTES, type SimulatedRoute } from "./world.ts";
import { SimulatedTables, talkersOf } from "./simulated-tables.ts";

const MOST_ROWS = 20_000;
const BACKFILL_SECONDS = 240;

interface Subscriber {
  readonly client: TrafficClient;
  subscription: SubscribeMessage | undefined;
  sequence: number;
  lastRow: number;
  lastMarker: number;
  dropped: number;
  paused: boolean;
}

/** Invented traffic behind the API's own interface, so that the console is developed and tested against real messages. */
export class SimulatedTraffic implements TrafficView {
  readonly #random: RandomTraffic;
  readonly #now: () => number;
  readonly #tables = new SimulatedTables();
  readonly #rows: RequestRow[] = [];
  readonly #markers: Marker[] = [];
  readonly #pins: Pin[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #envoys: readonly string[] = ["binnacle-1"];
  #streams: readonly StreamTotals[] = [];
  #isServed = true;
  #nextId = 1;
  #until: number;

  constructor(seed: number, now: () => number = Date.now) {
    this.#random = new RandomTraffic(seed);
    this.#now = now;
    this.#until = now() - BACKFILL_SECONDS * 1000;
    const start = now();
    this.#mark(start - 170_000, "push", "info", "Envoy accepted 1 virtual host (Ingress team-shop/shop)");
    this.#mark(start - 110_000, "nack", "error", "Envoy refused virtual host http/wiki.localhost: duplicate domain");
    this.#mark(start - 60_000, "discovery", "warning", "os-west: 1 endpoint of team-pay/checkout left");
    this.#mark(start - 25_000, "alert", "error", "UpstreamNoHealthyEndpoints fires for team-search");
    this.#generate();
  }

  /** Lets the time since the last call pass, and tells the subscribers. */
  advance(): void {
    this.#generate();
    for (const subscriber of this.#subscribers) this.#sendDelta(subscriber);
  }

  /** `count` requests at once on one route, all of them shown; `changes` replace what they say. */
  burst(count: number, route: SimulatedRoute = ROUTES[0]!, changes: Partial<RequestRow> = {}): void {
    const now = this.#now();
    for (let made = 0; made < count; made++) {
      this.#add({ ...makeRequest(route, this.#nextId, now, this.#random), kept: "pinned", ...changes });
    }
    for (const subscriber of this.#subscribers) this.#sendDelta(subscriber);
  }

  /** From now on these take turns, told of from the next picture on. */
  set envoys(envoys: readonly string[]) {
    this.#envoys = envoys;
  }

  set streams(streams: readonly StreamTotals[]) {
    this.#streams = streams;
  }

  /** No Envoy answers, or they do again. */
  set served(isServed: boolean) {
    this.#isServed = isServed;
  }

  open(client: TrafficClient): TrafficSession {
    const subscriber: Subscriber = {
      client,
      subscription: undefined,
      sequence: 0,
      lastRow: 0,
      lastMarker: 0,
      dropped: 0,
      paused: false,
    };
    this.#subscribers.add(subscriber);
    return {
      receive: (text) => {
        const message: ClientMessage = JSON.parse(text);
        this.#receive(subscriber, message);
      },
      close: () => this.#subscribers.delete(subscriber),
    };
  }

  #receive(subscriber: Subscriber, message: ClientMessage): void {
    switch (message.type) {
      case "subscribe":
        subscriber.subscription = message;
        this.#sendSnapshot(subscriber);
        break;
      case "pause":
        subscriber.paused = true;
        break;
      case "resume":
        subscriber.paused = false;
        this.#sendSnapshot(subscriber);
        break;
      case "history":
        subscriber.client.send({ type: "history", id: message.id, ...this.#found(message, subscriber.client.scope) });
        break;
      case "pin":
        this.pin(message.pin, message.seconds ?? 300);
        break;
      case "unpin":
        this.unpin(message.id);
        break;
    }
  }

  #sendSnapshot(subscriber: Subscriber): void {
    if (subscriber.subscription === undefined) return;
    subscriber.sequence = 1;
    subscriber.dropped = 0;
    subscriber.lastRow = this.#rows.at(-1)?.id ?? 0;
    subscriber.lastMarker = this.#markers.at(-1)?.id ?? 0;
    subscriber.client.send(this.#picture(subscriber.subscription, subscriber.client.scope));
  }

  #sendDelta(subscriber: Subscriber): void {
    const { subscription, client } = subscriber;
    if (subscription === undefined || subscriber.paused || !client.isReady()) return;
    const filter = cut(subscription.filter ?? {}, client.scope);
    const fresh = this.#rows.filter((row) => row.id > subscriber.lastRow && rowPasses(row, filter));
    subscriber.lastRow = this.#rows.at(-1)?.id ?? 0;
    const shown = fresh.slice(-(subscription.rowsPerSecond ?? 50));
    subscriber.dropped += fresh.length - shown.length;
    const markers = this.#markers.filter(({ id }) => id > subscriber.lastMarker);
    subscriber.lastMarker = this.#markers.at(-1)?.id ?? 0;
    const second = Math.floor(this.#until / 1000);
    const delta: DeltaMessage = {
      type: "delta",
      sequence: ++subscriber.sequence,
      time: this.#now(),
      dropped: { rows: subscriber.dropped, frames: 0 },
      totals: this.#tables.totals(filter, second),
      routes: this.#tables.routes(filter, second),
      clusters: this.#tables.clusters(filter, second),
      columns: this.#tables.columns(filter, second, 2),
      requests: shown,
      talkers: talkersOf(this.#rows.slice(-500)),
      sampling: this.sampling(),
      ...(markers.length === 0 ? {} : { markers }),
      pins: this.pins(),
    };
    client.send(delta);
  }

  snapshot(question: SnapshotQuestion, scope: NamespaceScope): Promise<SnapshotMessage> {
    return Promise.resolve(this.#picture(question, scope));
  }

  history(question: HistoryQuestion, scope: NamespaceScope): Promise<HistoryFound> {
    return Promise.resolve(this.#found(question, scope));
  }

  #picture(query: SnapshotQuestion, scope: NamespaceScope): SnapshotMessage {
    const filter = cut(query.filter ?? {}, scope);
    const second = Math.floor(this.#until / 1000);
    const columns = Math.min(query.columns ?? 300, BACKFILL_SECONDS);
    const recent = query.recentRows ?? 200;
    const passing = this.#rows.filter((row) => rowPasses(row, filter));
    return {
      type: "snapshot",
      sequence: 1,
      time: this.#now(),
      dropped: { rows: 0, frames: 0 },
      filter,
      totals: this.#tables.totals(filter, second),
      envoys: [],
      streams: this.#streams,
      listeners: [],
      hosts: [],
      routes: this.#tables.routes(filter, second),
      owners: [],
      clusters: this.#tables.clusters(filter, second),
      hidden: { hosts: 0, routes: 0, owners: 0, clusters: 0 },
      columns: this.#tables.columns(filter, second, columns),
      requests: recent === 0 ? [] : passing.slice(-recent),
      talkers: talkersOf(this.#rows.slice(-500)),
      sampling: this.sampling(),
      markers: this.#markers,
      pins: this.#pins,
    };
  }

  #found(query: HistoryQuestion, scope: NamespaceScope): HistoryFound {
    const filter = cut(query.filter ?? {}, scope);
    const { from = 0, to = Infinity, limit = 200 } = query;
    const passing = this.#rows
      .filter((row) => row.time >= from && row.time < to && rowPasses(row, filter))
      .toReversed();
    return {
      requests: passing.slice(0, limit),
      columns: [],
      more: passing.length > limit,
      keptSince: this.#rows[0]?.time ?? this.#now(),
    };
  }

  sampling(): SamplingState {
    return {
      words: `showing 1 in ${SAMPLE} of ordinary requests and every failure; totals are exact`,
      failures: 1,
      sample: 1 / SAMPLE,
      latency: 1,
      budget: 2000,
      received: 20,
      requests: 78,
      lost: { envoy: 0, receiver: 0 },
      receiver: "ready",
      totalsEvery: 1000,
      envoys: this.#envoys.map((id) => ({ id, reachable: this.#isServed })),
    };
  }

  markers(): readonly Marker[] {
    return this.#markers;
  }

  pins(): readonly Pin[] {
    return [...this.#pins];
  }

  pin(target: PinTarget, seconds: number): Pin {
    const pin = { id: `pin-${this.#nextId++}`, target, until: this.#now() + seconds * 1000 };
    this.#pins.push(pin);
    return pin;
  }

  unpin(id: string): boolean {
    const index = this.#pins.findIndex((pin) => pin.id === id);
    if (index >= 0) this.#pins.splice(index, 1);
    return index >= 0;
  }

  #generate(): void {
    const now = this.#now();
    const step = 100;
    while (this.#until + step <= now) {
      for (const route of ROUTES) {
        const swell = 1 + 0.25 * Math.sin(this.#until / 20_000);
        const count = this.#random.poisson((route.perSecond * swell * step) / 1000);
        for (let made = 0; made < count; made++) {
          const time = this.#until + Math.floor(this.#random.next() * step);
          this.#add(makeRequest(route, this.#nextId, time, this.#random));
        }
      }
      this.#until += step;
    }
  }

  #add(row: RequestRow): void {
    this.#tables.add(row);
    // What the sampling lets through; the totals above count every one.
    if (row.kept === "sample" && this.#random.next() >= 1 / SAMPLE) return;
    const id = this.#nextId++;
    this.#rows.push({ ...row, id, envoy: this.#envoys[id % this.#envoys.length] ?? row.envoy });
    if (this.#rows.length > MOST_ROWS) this.#rows.splice(0, this.#rows.length - MOST_ROWS);
  }

  #mark(time: number, kind: Marker["kind"], severity: Marker["severity"], text: string): void {
    this.#markers.push({ id: this.#nextId++, time, kind, severity, text });
  }
}

function cut(filter: TrafficFilter, scope: NamespaceScope): TrafficFilter {
  return scope === "all" ? filter : { ...filter, namespaces: [...scope] };
}
