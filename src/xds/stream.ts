import { randomBytes } from "node:crypto";
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { BorrowedNames } from "./borrowed-names.ts";
import { TYPE_OF_URL, XDS_TYPES, type XdsResource, type XdsType } from "./resource.ts";
import { refusalWords } from "./refusal-words.ts";
import { InFlight, type Push } from "./in-flight.ts";
import { inParts, responseOf } from "./response.ts";
import type { ResourceName, Snapshot } from "./snapshot.ts";
import { SendOrder } from "./send-order.ts";
import type { StreamEvents } from "./stream-events.ts";
import { hostOf, resolve, Subscription } from "./subscription.ts";
import { Waits } from "./waits.ts";

export interface StreamOptions {
  readonly snapshot: Snapshot;
  /** Hands a response to the transport; false asks to wait for {@link AdsStream.drained}. */
  readonly send: (response: DeltaDiscoveryResponse) => boolean;
  readonly events?: StreamEvents;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly setTimer: (run: () => void, millis: number) => { cancel(): void };
  /** See {@link MOST_BORROWED}. */
  readonly mostBorrowed?: number;
}

/** See {@link BorrowedNames}: 80 MB in Envoy. */
const MOST_BORROWED = 4_096;

/** Unanswered responses after which a client counts as stuck. */
const MOST_IN_FLIGHT = 256;

/**
 * One delta ADS stream (xDS protocol, "Incremental xDS"), without the transport. What changed is kept as names, never as
 * messages: a slow client gets the newest state when it reads again, and costs no queue.
 */
export class AdsStream {
  readonly #options: StreamOptions;
  readonly #subscriptions = new Map<XdsType, Subscription>();
  readonly #dirty = new Map<XdsType, Set<string>>(XDS_TYPES.map((type) => [type, new Set()]));
  readonly #inFlight = new InFlight();
  /** Names that are to be sent apart from others, because together they were refused. */
  readonly #groups: { readonly type: XdsType; readonly names: readonly string[] }[] = [];
  /** What is wanted again although the client refused it: the answer is known. */
  readonly #refusedBefore: { readonly resource: XdsResource; readonly message: string }[] = [];
  readonly #borrowed: BorrowedNames;
  readonly #waits: Waits;
  readonly #order: SendOrder;
  readonly #stopListening: () => void;
  /** Begins each of its nonces: an answer to another stream's response, that comes late, answers none of ours. */
  readonly #id = randomBytes(4).toString("hex");
  #responses = 0;
  #writable = true;
  /** Since when nothing more is sent. An old answer that is owed says nothing: Envoy keeps some back while a cluster warms. */
  #fullSince: number | undefined;
  #closed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#borrowed = new BorrowedNames(options.mostBorrowed ?? MOST_BORROWED);
    this.#waits = new Waits(options.now, options.setTimer, () => this.#flush());
    this.#order = new SendOrder(options.snapshot, this.#subscriptions, this.#waits);
    this.#stopListening = options.snapshot.listen({ changed: (names) => this.#noteChanges(names) });
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    this.#waits.close();
  }

  request(request: DeltaDiscoveryRequest): void {
    const type = TYPE_OF_URL.get(request.typeUrl);
    if (type === undefined) return;
    const push = this.#inFlight.take(request.responseNonce);
    this.#noteRoom();
    if (push !== undefined) this.#answered(request, push);
    let subscription = this.#subscriptions.get(type);
    const first = subscription === undefined;
    subscription ??= new Subscription(type, request);
    this.#subscriptions.set(type, subscription);
    const asked = subscription.update(request);
    for (const name of request.resourceNamesUnsubscribe) {
      if (type === "secret") this.#borrowed.delete(name);
      if (type === "routeTable") this.#inFlight.forgetHosts(name, this.#subscriptions.get("virtualHost"));
    }
    const dirty = this.#dirty.get(type)!;
    if (first || asked.includes("*"))
      for (const name of subscription.everything(this.#options.snapshot)) dirty.add(name);
    for (const name of asked) {
      // Who asks again has lost it: it goes again, whatever was sent before.
      if (!first) subscription.known.delete(name);
      if (name !== "*") dirty.add(name);
    }
    this.#flush();
  }

  /** Milliseconds for which the client has left so much unread or unanswered that nothing more is sent; 0 while it keeps up. */
  get stuckFor(): number {
    return this.#fullSince === undefined ? 0 : this.#options.now() - this.#fullSince;
  }

  /** When the oldest response of each type that the client has not answered was sent, in the options' clock. */
  unansweredSince(): ReadonlyMap<XdsType, number> {
    return this.#inFlight.since();
  }

  drained(): void {
    this.#writable = true;
    this.#noteRoom();
    this.#flush();
  }

  #noteChanges(names: readonly ResourceName[]): void {
    for (const { type, name } of names) {
      const subscription = this.#subscriptions.get(type);
      if (subscription === undefined) continue;
      const dirty = this.#dirty.get(type)!;
      for (const answered of subscription.answeredBy(name)) dirty.add(answered);
      if (subscription.known.has(name)) dirty.add(name);
    }
    this.#flush();
  }

  #answered(request: DeltaDiscoveryRequest, push: Push): void {
    const { snapshot, events, now } = this.#options;
    if (request.errorDetail !== undefined) {
      this.#refused(push, refusalWords(request.errorDetail.message));
      return;
    }
    events?.acknowledged?.({ type: push.type, millis: now() - push.at });
    const subscription = this.#subscriptions.get(push.type);
    for (const [name, resource] of push.resources) {
      subscription?.settles(name, push.nonce);
      if (push.void.has(name)) continue;
      subscription?.uncertain.delete(name);
      if (resource === undefined) {
        subscription?.lose(name);
        continue;
      }
      // What it gave up in the meantime it has not got.
      if (subscription?.wants(name) === true) subscription.acknowledge(name, resource.version);
      snapshot.acknowledge(resource);
    }
  }

  /**
   * Envoy's words rarely name the culprit, and one bad resource can refuse the whole response: what was sent goes again in
   * halves, until what is refused stands alone.
   */
  #refused(push: Push, message: string): void {
    const { snapshot, events, now } = this.#options;
    const names = [...push.resources.keys()].filter((name) => push.resources.get(name) !== undefined);
    events?.refused?.({ type: push.type, millis: now() - push.at, names, message });
    const subscription = this.#subscriptions.get(push.type);
    for (const [name, resource] of push.resources) {
      // What was sent since stands.
      if (subscription === undefined || !subscription.settles(name, push.nonce) || push.void.has(name)) continue;
      const had = subscription.acknowledged.get(name);
      if (had === undefined) subscription.known.delete(name);
      else subscription.known.set(name, had);
      // A removal is not what was refused. Where it came alone it was, and to repeat it would be for ever.
      if (resource === undefined && names.length > 0) this.#dirty.get(push.type)!.add(name);
    }
    const [only] = names;
    const alone = only === undefined ? undefined : push.resources.get(only);
    if (names.length === 1 && only !== undefined && alone !== undefined) {
      subscription?.noteRefused(only, alone.version, message);
      // What there is instead goes to it, also when the refusal is known already.
      this.#dirty.get(push.type)!.add(only);
      snapshot.refuse(alone, message);
      return;
    }
    const middle = Math.ceil(names.length / 2);
    for (const half of [names.slice(0, middle), names.slice(middle)]) {
      if (half.length > 0) this.#groups.push({ type: push.type, names: half });
    }
  }

  /** Sends what is due, what is pointed at before what points at it. */
  #flush(): void {
    if (this.#closed || !this.#options.snapshot.ready) return;
    while (this.#groups.length > 0 && this.#maySend()) {
      const group = this.#groups.shift()!;
      this.#send(group.type, group.names);
    }
    for (const type of XDS_TYPES) {
      if (!this.#maySend()) return;
      const dirty = this.#dirty.get(type)!;
      if (type === "virtualHost") for (const name of this.#order.hostsOfNewTables()) dirty.add(name);
      const names = [...dirty];
      dirty.clear();
      if (names.length > 0) this.#send(type, names);
      this.#sendNothing(type);
    }
    for (const { resource, message } of this.#refusedBefore.splice(0)) this.#options.snapshot.refuse(resource, message);
  }

  #maySend(): boolean {
    return this.#fullSince === undefined;
  }

  /** After whatever may have filled the stream or made room in it. */
  #noteRoom(): void {
    if (this.#writable && this.#inFlight.size < MOST_IN_FLIGHT) this.#fullSince = undefined;
    else this.#fullSince ??= this.#options.now();
  }

  #send(type: XdsType, names: readonly string[]): void {
    const { snapshot } = this.#options;
    const subscription = this.#subscriptions.get(type);
    if (subscription === undefined) return;
    const resources: [string, XdsResource][] = [];
    const removed: string[] = [];
    for (const name of names) {
      const resource = resolve(type, name, snapshot);
      if (type === "secret") this.#noteLender(name, resource);
      if (resource !== undefined && this.#hasAlready(subscription, name, resource)) continue;
      const turn =
        resource === undefined
          ? this.#order.ofRemoval(subscription, name)
          : this.#order.ofResource(subscription, name, resource);
      if (turn === "later") this.#dirty.get(type)!.add(name);
      else if (turn === "now" && resource === undefined) removed.push(name);
      else if (turn === "now" && resource !== undefined) resources.push([name, resource]);
    }
    if (type === "secret") removed.push(...this.#borrowed.overflow());
    this.#respond(subscription, resources, removed);
  }

  /** Also for what the client brought along, so that the bound holds over any number of streams. */
  #noteLender(serverName: string, secret: XdsResource | undefined): void {
    if (secret === undefined || secret.name === hostOf(serverName)) this.#borrowed.delete(serverName);
    else if (this.#subscriptions.get("secret")?.wants(serverName) === true) this.#borrowed.add(serverName);
  }

  /** Envoy's start waits for the first clusters, and then for the first listeners: there may be none. */
  #sendNothing(type: XdsType): void {
    const subscription = this.#subscriptions.get(type);
    const none = subscription?.awaitsFirst === true && this.#dirty.get(type)!.size === 0;
    if (none && (type === "cluster" || type === "listener")) this.#push(subscription, [], []);
  }

  /** Whether the client has a resource as it is to be, or has refused it so. */
  #hasAlready({ type, known, acknowledged, refused }: Subscription, name: string, resource: XdsResource): boolean {
    const refusal = refused.get(name);
    if (refusal?.version === resource.version) {
      this.#refusedBefore.push({ resource, message: refusal.message });
      return true;
    }
    if (known.get(name) !== resource.version) return false;
    this.#order.settled(type, name);
    // Brought along from an earlier stream: it has been taken already.
    if (acknowledged.get(name) === resource.version) this.#options.snapshot.acknowledge(resource);
    return true;
  }

  /**
   * A changed cluster warms anew in Envoy and waits for endpoints that it does not ask for: it has their subscription from
   * before. Without them it waits for its fetch timeout, 15 s, and holds up all that it is to be told of clusters.
   */
  #repeatEndpoints(cluster: string): void {
    const endpoints = this.#subscriptions.get("endpoints");
    if (endpoints?.wants(cluster) !== true) return;
    endpoints.known.delete(cluster);
    this.#dirty.get("endpoints")!.add(cluster);
  }

  #respond(subscription: Subscription, resources: readonly [string, XdsResource][], removed: readonly string[]): void {
    if (resources.length === 0 && removed.length === 0) return;
    const parts = inParts(subscription.type, resources);
    for (const part of parts.slice(0, -1)) this.#push(subscription, part, []);
    this.#push(subscription, parts.at(-1) ?? [], removed);
  }

  #push(subscription: Subscription, resources: readonly [string, XdsResource][], removed: readonly string[]): void {
    const { type, known } = subscription;
    const nonce = `${this.#id}-${++this.#responses}`;
    const pushed = new Map<string, XdsResource | undefined>(resources);
    subscription.awaitsFirst = false;
    for (const [name, { version }] of resources) {
      if (type === "cluster" && known.has(name)) this.#repeatEndpoints(name);
      known.set(name, version);
      subscription.sent(name, nonce);
      subscription.refused.delete(name);
    }
    for (const name of removed) {
      // Its endpoints go with it: should it come back, they have to be acknowledged anew.
      if (type === "cluster") this.#subscriptions.get("endpoints")?.lose(name);
      known.delete(name);
      subscription.sent(name, nonce);
      pushed.set(name, undefined);
    }
    this.#inFlight.add({ type, nonce, resources: pushed, at: this.#options.now() });
    this.#writable = this.#options.send(responseOf(type, nonce, resources, removed));
    this.#noteRoom();
    const bytes = resources.reduce((sum, [, resource]) => sum + resource.bytes.length, 0);
    this.#options.events?.pushed?.({ type, resources: resources.length, removed: removed.length, bytes });
  }
}
