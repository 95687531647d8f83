import { batch, computed, signal } from "@preact/signals";
import type { AlertsAnswer, ObjectsAnswer, StatusAnswer } from "#api/answers.ts";
import type {
  PinTarget,
  RequestRow,
  RouteTotals,
  ServerMessage,
  SubscribeMessage,
  TrafficFilter,
} from "#traffic/messages.ts";
import { type FeedState, LiveFeed } from "../feed/live-feed.ts";
import { fetchJson, Poll, type Polled } from "../feed/poll.ts";
import { type LogView, RequestLog } from "../feed/request-log.ts";
import { TrafficModel, type TrafficPicture } from "../feed/traffic-model.ts";
import { type Focus, focusedFilter, hashFromPlace, isSameFocus, type Place, placeFromHash } from "./address.ts";

const NOTHING: Polled<never> = { answer: undefined, error: undefined };
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
  readonly log = signal<LogView>({ rows: [], version: 0, waiting: 0 });
  readonly feed = signal<FeedState>({ type: "connecting" });
  readonly paused = signal(false);
  readonly selected = signal<RequestRow | undefined>(undefined);
  readonly status = signal<Polled<StatusAnswer>>(NOTHING);
  readonly alerts = signal<Polled<AlertsAnswer>>(NOTHING);
  readonly problems = signal<Polled<ObjectsAnswer>>(NOTHING);
  /** Milliseconds since the epoch, each second. */
  readonly now = signal(Date.now());
  /** When the appliance was last heard of. */
  readonly heard = signal(0);
  /** What the server did not understand of our last message. */
  readonly complaint = signal<string | undefined>(undefined);
  readonly filter = computed<TrafficFilter>(() => focusedFilter(this.place.value.filter, this.place.value.focus));

  readonly #log = new RequestLog();
  #model = new TrafficModel();
  #tableModel: TrafficModel | undefined;
  #scrolledAway = false;
  /** The next snapshot answers another filter: nothing of what came before belongs beside it. */
  #isOtherFilter = false;
  #heard = 0;
  #isPainting = false;
  readonly #feed: LiveFeed;
  #tableFeed: LiveFeed | undefined;
  readonly #alertsPoll: Poll<AlertsAnswer>;

  constructor() {
    const onSignedOut = (): void => this.#signedOut();
    this.#feed = this.#openFeed(
      { ...MAIN, filter: this.filter.value },
      (message) => this.#receive(message),
      (state) => this.#feedChanged(state),
    );
    this.#syncTableFeed();
    const statusPoll = (polled: Polled<StatusAnswer>): void => {
      this.status.value = polled;
      if (polled.error === undefined) this.#hear();
    };
    void new Poll<StatusAnswer>({ path: "/status", every: 2000, onSignedOut, onAnswer: statusPoll });
    this.#alertsPoll = new Poll({
      path: "/alerts",
      every: 5000,
      onSignedOut,
      onAnswer: (polled) => (this.alerts.value = polled),
    });
    void new Poll<ObjectsAnswer>({
      path: "/objects?problems=true",
      every: 5000,
      onSignedOut,
      onAnswer: (polled) => (this.problems.value = polled),
    });
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
    this.log.value = this.#log.view();
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

  alertsChanged(): void {
    this.#alertsPoll.again();
  }

  async signOut(): Promise<void> {
    await fetch("/sign-out", { method: "POST" });
    this.#signedOut();
  }

  #moveTo(place: Place): void {
    const before = JSON.stringify(this.filter.value);
    batch(() => {
      this.place.value = place;
      this.complaint.value = undefined;
    });
    this.#syncTableFeed();
    if (JSON.stringify(this.filter.value) === before) return;
    this.selected.value = undefined;
    this.paused.value = false;
    this.#isOtherFilter = true;
    this.#log.clear();
    this.#holdOrLetGo();
    this.#feed.subscribe({ ...MAIN, filter: this.filter.value });
    this.#paint();
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
        break;
      case "delta":
        this.#model.apply(message);
        this.#log.add(message.requests ?? []);
        break;
      case "problem":
        this.complaint.value = `${message.path}: ${message.message}. ${message.fix ?? ""}`;
        break;
      case "history":
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
        this.log.value = this.#log.view();
        if (this.paused.value && this.picture.value !== undefined) return;
        this.picture.value = this.#model.picture();
        this.overview.value =
          this.#tableModel?.picture() ??
          (this.place.value.focus === undefined ? this.picture.value : this.overview.value);
      });
    });
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
