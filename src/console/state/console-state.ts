import { batch, computed, signal } from "@preact/signals";
import type { PinTarget, ServerMessage, SubscribeMessage, TrafficFilter } from "#traffic/messages.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { RouteTotals } from "#traffic/table-rows.ts";
import { type FeedState, LiveFeed, type Lost } from "../feed/live-feed.ts";
import { fetchJson } from "../feed/poll.ts";
import { TrafficModel, type TrafficPicture } from "../feed/traffic-model.ts";
import { type Focus, focusedFilter, hashFromPlace, isSameFocus, type Place, placeFromHash } from "./address.ts";
import { ApplianceClock } from "./appliance-clock.ts";
import { ApplianceState } from "./appliance-state.ts";
import { BackendsState } from "./backends-state.ts";
import { EarlierState } from "./earlier-state.ts";
import { RequestList } from "./request-list.ts";

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
  /** Of the feed, or of the one behind the routes table where only that is lost; times are the appliance's. */
  readonly feed = signal<FeedState>({ type: "connecting" });
  readonly paused = signal(false);
  readonly selected = signal<RequestRow | undefined>(undefined);
  readonly requests: RequestList;
  readonly appliance: ApplianceState;
  readonly earlier: EarlierState;
  readonly backends = new BackendsState(
    () => this.#signedOut(),
    () => this.#clock.now(),
  );
  /** By the appliance's clock, milliseconds since the epoch, each second. */
  readonly now = signal(Date.now());
  /** When the appliance was last heard of. */
  readonly heard = signal(0);
  /** What the server did not understand of our last message, or what could not be done. */
  readonly complaint = signal<string | undefined>(undefined);
  readonly filter = computed<TrafficFilter>(() => focusedFilter(this.place.value.filter, this.place.value.focus));

  readonly #clock = new ApplianceClock();
  #model = new TrafficModel();
  #tableModel: TrafficModel | undefined;
  /** The next snapshot answers another filter: nothing of what came before belongs beside it. */
  #isOtherFilter = false;
  #heard = 0;
  #isPainting = false;
  readonly #feed: LiveFeed;
  #tableFeed: LiveFeed | undefined;

  constructor() {
    this.requests = new RequestList((id, to) =>
      this.#feed.send({ type: "history", id, filter: this.filter.value, to, limit: 500 }),
    );
    this.requests.open(this.place.value.at, false);
    this.#feed = this.#openFeed({ ...MAIN, filter: this.filter.value }, (message) => this.#receive(message));
    this.#syncTableFeed();
    this.appliance = new ApplianceState(
      (time) => {
        this.#clock.heard(time);
        this.#hear();
      },
      () => this.#signedOut(),
    );
    this.earlier = new EarlierState(this.appliance.status, () => this.#signedOut());
    setInterval(() => {
      this.now.value = this.#clock.now();
    }, 1000);
    globalThis.addEventListener("hashchange", () => this.#moveTo(placeFromHash(location.hash)));
  }

  /** Goes to another place: the address follows, so that the browser leads back, and with a changed filter the feed does too. */
  go(change: Partial<Place>): void {
    const place = { ...this.place.value, ...change };
    const hash = hashFromPlace(place);
    if (hash !== hashFromPlace(this.place.value)) history.pushState(undefined, "", hash || location.pathname);
    this.#moveTo(place);
  }

  /** Puts the focus on something, or takes it off when it is there already. */
  toggleFocus(focus: Focus): void {
    this.go({ focus: isSameFocus(focus, this.place.value.focus) ? undefined : focus });
  }

  /** Bound, so that a table's rows keep the same function. */
  readonly toggleRoute = ({ host, route }: RouteTotals): void => this.toggleFocus({ type: "route", host, route });

  readonly toggleRequest = (row: RequestRow): void => {
    // Words that are being selected are wanted themselves.
    if (getSelection()?.isCollapsed === false) return;
    this.selected.value = this.selected.value?.id === row.id ? undefined : row;
  };

  /** The requests up to the end of a second (since the epoch) instead of those that come. */
  readonly showSecond = (seconds: number): void => this.go({ at: (seconds + 1) * 1000 });

  togglePause(): void {
    this.#pause(!this.paused.value);
    this.#paint();
  }

  /** The reader left the top of the request list, or came back. */
  scrolledAway(isAway: boolean): void {
    if (this.requests.scrolledAway(isAway)) this.#paint();
  }

  pin(pin: PinTarget): void {
    this.#feed.send({ type: "pin", pin, seconds: 300 });
  }

  unpin(id: string): void {
    this.#feed.send({ type: "unpin", id });
  }

  reconnect(): void {
    this.#feed.retry();
    this.#tableFeed?.retry();
  }

  async signOut(): Promise<void> {
    try {
      await fetch("/sign-out", { method: "POST" });
      location.replace("/sign-in");
    } catch {
      this.complaint.value = "You are still signed in: the appliance does not answer. Try again.";
    }
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
    if (!isOtherTime && !isOtherFilter) return;
    this.selected.value = undefined;
    if (isOtherFilter) {
      this.#isOtherFilter = true;
      this.requests.clear();
      this.#pause(false);
      this.#feed.subscribe({ ...MAIN, filter: this.filter.value });
    }
    this.requests.open(place.at, this.#feed.state.type === "live");
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
    this.#tableFeed = this.#openFeed({ ...TABLE, filter }, (message) => {
      if (message.type === "snapshot") model.replace(message);
      if (message.type === "delta") model.apply(message);
      this.#paint();
    });
  }

  #openFeed(subscription: Omit<SubscribeMessage, "type">, onMessage: (message: ServerMessage) => void): LiveFeed {
    const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/traffic`;
    // Before this returns, a feed tells that it begins to connect, which it does by itself.
    const onState = (): void => queueMicrotask(() => this.#feedChanged());
    return new LiveFeed(subscription, { url, onMessage, onState, whyLost });
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "snapshot":
        this.#clock.heard(message.time);
        this.#model.replace(message);
        if (this.#isOtherFilter) this.requests.clear();
        this.#isOtherFilter = false;
        this.requests.addSnapshot(message.requests);
        break;
      case "delta":
        this.#clock.heard(message.time);
        this.#model.apply(message);
        this.requests.add(message.requests ?? []);
        break;
      case "problem":
        this.complaint.value = `${message.path}: ${message.message}. ${message.fix ?? ""}`;
        this.requests.giveUpAsking();
        break;
      case "history":
        this.requests.answered(message.id, message.requests, message.more);
        break;
    }
    this.#hear();
  }

  #feedChanged(): void {
    const main = this.#feed.state;
    const table = this.#tableFeed?.state;
    const state = main.type === "live" && table !== undefined && isLost(table) ? table : main;
    if (main.type === "signedOut" || table?.type === "signedOut") this.#signedOut();
    else if (main.type === "otherRights" || table?.type === "otherRights") location.reload();
    if (main.type !== "live") this.requests.giveUpAsking();
    this.feed.value = state.type === "waiting" ? { ...state, retryAt: this.#clock.at(state.retryAt) } : state;
  }

  #hear(): void {
    this.#heard = this.#clock.now();
    this.#paint();
  }

  #pause(isPaused: boolean): void {
    this.paused.value = isPaused;
    this.requests.pause(isPaused);
  }

  /** One paint for all that came since the last one. */
  #paint(): void {
    if (this.#isPainting) return;
    this.#isPainting = true;
    requestAnimationFrame(() => {
      this.#isPainting = false;
      batch(() => {
        this.heard.value = this.#heard;
        this.requests.paint();
        if (this.paused.value && this.picture.value !== undefined) return;
        this.picture.value = this.#model.picture();
        this.overview.value =
          this.#tableModel?.picture() ??
          (this.place.value.focus === undefined ? this.picture.value : this.overview.value);
      });
    });
  }

  /** What the address shows is kept: who signs in again goes on there. */
  #signedOut(): void {
    location.replace(`/sign-in${location.hash}`);
  }
}

/** The connection failed, and has not come back: it stays so while it is tried again, so that nothing blinks. */
export function isLost(feed: FeedState): feed is FeedState & { readonly lost: Lost } {
  return feed.type === "waiting" || (feed.type === "connecting" && feed.lost !== undefined);
}

/** No Envoy answers: what is told of traffic and health is of before. */
export function isServedByNone(picture: TrafficPicture | undefined): boolean {
  return picture !== undefined && !picture.sampling.envoys.some(({ reachable }) => reachable);
}

async function whyLost(): Promise<Lost | "signedOut"> {
  const { status } = await fetchJson("/status");
  return status === 401 ? "signedOut" : status === 200 ? "refused" : "unreachable";
}
