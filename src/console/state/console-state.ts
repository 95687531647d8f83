import { batch, computed, signal } from "@preact/signals";
import type { PinTarget, ServerMessage, SubscribeMessage, TrafficFilter } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { RouteTotals } from "#traffic/table-rows.ts";
import { type FeedState, LiveFeed } from "../feed/live-feed.ts";
import { fetchJson } from "../feed/poll.ts";
import { type LogView, MOST_ROWS, RequestLog } from "../feed/request-log.ts";
import { TrafficModel, type TrafficPicture } from "../feed/traffic-model.ts";
import { type Focus, focusedFilter, hashFromPlace, isSameFocus, type Place, placeFromHash } from "./address.ts";
import { ApplianceState } from "./appliance-state.ts";
import { BackendsState } from "./backends-state.ts";
import { EarlierState } from "./earlier-state.ts";

const MAIN: Omit<SubscribeMessage, "type"> = { recentRows: 500, rowsPerSecond: 200, columns: 900, tableRows: 1000 };
/** The feed behind the routes table while something is in focus: no requests, no columns. */
const TABLE: Omit<SubscribeMessage, "type"> = { recentRows: 0, rowsPerSecond: 0, columns: 0, tableRows: 1000 };

/** All that the console knows, as signals that its views read. The only place that talks to the API. */
export class ConsoleState {
  readonly place = signal<Place>(placeFromHash(location.hash));
  /** What is in focus, or everything; undefined before the first snapshot. */
  readonly picture = signal<TrafficPicture | undefined>(undefined);
  /** For the routes table: never narrowed by the focus. */
  readonly overview = signal<TrafficPicture | undefined>(undefined);
  /** The request list: what comes, or what was at the moment that the reader picked. */
  readonly log = signal<LogView>({ rows: [], version: 0, waiting: 0 });
  readonly feed = signal<FeedState>({ type: "connecting", again: false });
  readonly paused = signal(false);
  readonly selected = signal<RequestRow | undefined>(undefined);
  readonly appliance: ApplianceState;
  readonly earlier: EarlierState;
  readonly backends = new BackendsState(() => this.#signedOut());
  /** What lies before the list's oldest request. */
  readonly older = signal<"unknown" | "asked" | "nothing">("unknown");
  /** Milliseconds since the epoch, each second. */
  readonly now = signal(Date.now());
  /** When the appliance was last heard of. */
  readonly heard = signal(0);
  /** What the server did not understand of our last message. */
  readonly complaint = signal<string | undefined>(undefined);
  readonly filter = computed<TrafficFilter>(() => focusedFilter(this.place.value.filter, this.place.value.focus));

  readonly #log = new RequestLog();
  readonly #past = new RequestLog();
  #historyId = 0;
  #model = new TrafficModel();
  #tableModel: TrafficModel | undefined;
  #scrolledAway = false;
  /** The next snapshot answers another filter: nothing of what came before belongs beside it. */
  #isOtherFilter = false;
  /** The list of the moment in the address was asked for. */
  #hasPast = false;
  #heard = 0;
  #isPainting = false;
  readonly #feed: LiveFeed;
  #tableFeed: LiveFeed | undefined;

  constructor() {
    this.#feed = this.#openFeed(
      { ...MAIN, filter: this.filter.value },
      (message) => this.#receive(message),
      (state) => this.#feedChanged(state),
    );
    this.#syncTableFeed();
    this.appliance = new ApplianceState(
      () => this.#hear(),
      () => this.#signedOut(),
    );
    this.earlier = new EarlierState(this.appliance.status, () => this.#signedOut());
    setInterval(() => {
      this.now.value = Date.now();
    }, 1000);
    globalThis.addEventListener("hashchange", () => this.#moveTo(placeFromHash(location.hash)));
  }

  /** Goes to another place: the address follows, and with a changed filter the feed does too. */
  go(change: Partial<Place>): void {
    const place = { ...this.place.value, ...change };
    history.replaceState(undefined, "", hashFromPlace(place) || location.pathname);
    this.#moveTo(place);
  }

  /** Puts the focus on something, or takes it off when it is there already. */
  toggleFocus(focus: Focus): void {
    this.go({ focus: isSameFocus(focus, this.place.value.focus) ? undefined : focus });
  }

  /** Bound, so that a table's rows keep the same function. */
  readonly toggleRoute = ({ host, route }: RouteTotals): void => this.toggleFocus({ type: "route", host, route });

  readonly toggleRequest = (row: RequestRow): void => {
    this.selected.value = this.selected.value?.id === row.id ? undefined : row;
  };

  /** The requests up to the end of a second (since the epoch) instead of those that come. */
  readonly showSecond = (seconds: number): void => this.go({ at: (seconds + 1) * 1000 });

  togglePause(): void {
    this.paused.value = !this.paused.value;
    this.#holdOrLetGo();
  }

  /** The reader left the top of the request list, or came back. */
  scrolledAway(isAway: boolean): void {
    if (this.#scrolledAway === isAway) return;
    this.#scrolledAway = isAway;
    this.#holdOrLetGo();
  }

  /** Shows what waits, also while paused. */
  showWaiting(): void {
    this.#log.letGo();
    if (this.paused.value) this.#log.hold();
    this.log.value = this.#shownLog().view();
  }

  /** Asks for what came before the oldest request of the list. */
  askOlder(): void {
    const oldest = this.log.value.rows[0];
    const isFull = this.log.value.rows.length >= MOST_ROWS;
    if (oldest !== undefined && !isFull && this.older.value === "unknown") this.#askHistory(oldest.time + 1);
  }

  pin(pin: PinTarget): void {
    this.#feed.send({ type: "pin", pin, seconds: 300 });
  }

  unpin(id: string): void {
    this.#feed.send({ type: "unpin", id });
  }

  reconnect(): void {
    this.#feed.retry();
  }

  async signOut(): Promise<void> {
    await fetch("/sign-out", { method: "POST" });
    this.#signedOut();
  }

  #moveTo(place: Place): void {
    const before = JSON.stringify(this.filter.value);
    const isOtherTime = place.at !== this.place.value.at;
    batch(() => {
      this.place.value = place;
      this.complaint.value = undefined;
    });
    this.#syncTableFeed();
    const isOtherFilter = JSON.stringify(this.filter.value) !== before;
    if (isOtherTime || isOtherFilter) this.#openPast();
    if (!isOtherFilter) return;
    this.selected.value = undefined;
    this.paused.value = false;
    this.#isOtherFilter = true;
    this.#log.clear();
    this.#holdOrLetGo();
    this.#feed.subscribe({ ...MAIN, filter: this.filter.value });
    this.#paint();
  }

  /** The list of the moment in the address, anew; asked for once the feed stands. */
  #openPast(): void {
    const { at } = this.place.value;
    this.#past.clear();
    this.#historyId++;
    this.older.value = "unknown";
    this.selected.value = undefined;
    this.#hasPast = this.#feed.state.type === "live";
    if (at !== undefined && this.#hasPast) this.#askHistory(at);
    this.#paint();
  }

  /** The requests before a time, as many as a page is given. */
  #askHistory(to: number): void {
    this.#historyId++;
    this.older.value = "asked";
    this.#feed.send({ type: "history", id: String(this.#historyId), filter: this.filter.value, to, limit: 500 });
  }

  /** While something is in focus a second feed keeps the routes table whole. */
  #syncTableFeed(): void {
    const { filter, focus } = this.place.value;
    if (focus === undefined) {
      this.#tableFeed?.[Symbol.dispose]();
      this.#tableFeed = undefined;
      this.#tableModel = undefined;
      return;
    }
    if (this.#tableFeed !== undefined) {
      this.#tableFeed.subscribe({ ...TABLE, filter });
      return;
    }
    const model = new TrafficModel();
    this.#tableModel = model;
    this.#tableFeed = this.#openFeed(
      { ...TABLE, filter },
      (message) => {
        if (message.type === "snapshot") model.replace(message);
        if (message.type === "delta") model.apply(message);
        this.#paint();
      },
      () => {},
    );
  }

  #openFeed(
    subscription: Omit<SubscribeMessage, "type">,
    onMessage: (message: ServerMessage) => void,
    onState: (state: FeedState) => void,
  ): LiveFeed {
    const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/traffic`;
    return new LiveFeed(subscription, { url, onMessage, onState, isSignedOut });
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "snapshot":
        this.#model.replace(message);
        if (this.#isOtherFilter) this.#log.clear();
        this.#isOtherFilter = false;
        this.#log.addSnapshot(message.requests);
        if (!this.#hasPast) this.#openPast();
        break;
      case "delta":
        this.#model.apply(message);
        this.#log.add(message.requests ?? []);
        break;
      case "problem":
        this.complaint.value = `${message.path}: ${message.message}. ${message.fix ?? ""}`;
        break;
      case "history":
        if (message.id !== String(this.#historyId)) return;
        (this.place.value.at === undefined ? this.#log : this.#past).prepend(message.requests);
        this.older.value = message.more ? "unknown" : "nothing";
        break;
    }
    this.#hear();
    this.#paint();
  }

  #feedChanged(state: FeedState): void {
    this.feed.value = state;
    if (state.type === "signedOut") this.#signedOut();
  }

  #hear(): void {
    this.#heard = Date.now();
    this.#paint();
  }

  /** One paint for all that came since the last one. */
  #paint(): void {
    if (this.#isPainting) return;
    this.#isPainting = true;
    requestAnimationFrame(() => {
      this.#isPainting = false;
      batch(() => {
        this.heard.value = this.#heard;
        this.log.value = this.#shownLog().view();
        if (this.paused.value && this.picture.value !== undefined) return;
        this.picture.value = this.#model.picture();
        this.overview.value =
          this.#tableModel?.picture() ??
          (this.place.value.focus === undefined ? this.picture.value : this.overview.value);
      });
    });
  }

  #shownLog(): RequestLog {
    return this.place.value.at === undefined ? this.#log : this.#past;
  }

  #holdOrLetGo(): void {
    if (this.paused.value || this.#scrolledAway) this.#log.hold();
    else this.#log.letGo();
    this.#paint();
  }

  #signedOut(): void {
    location.replace("/sign-in");
  }
}

async function isSignedOut(): Promise<boolean> {
  return (await fetchJson("/status")).status === 401;
}
