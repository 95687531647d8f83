import { DeltaDiscoveryRequest, type DeltaDiscoveryResponse } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { TYPE_URLS, XDS_TYPES, type XdsType } from "#xds/resource.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import { AdsStream } from "#xds/stream.ts";
import { tableOf } from "#xds/host-name.ts";
import type { Random } from "../../integration/support/random.ts";

const TYPE_OF_URL = new Map<string, XdsType>(XDS_TYPES.map((type) => [TYPE_URLS[type], type]));

/**
 * A client that behaves as Envoy does, at random times: it answers late, refuses what is bad as a whole response, loses hosts
 * that come before their table, asks for what it needs, and comes back with what it has. Time stands still until it passes.
 */
export class RandomEnvoy {
  /** What it has: version by name, by type. */
  readonly has = new Map<XdsType, Map<string, string>>(XDS_TYPES.map((type) => [type, new Map<string, string>()]));
  readonly tables = new Set<string>();
  readonly serverNames = new Set<string>();
  /** What each response is looked at with when it is sent, before the client has it. */
  onSend: (type: XdsType, names: readonly string[]) => void = () => undefined;
  readonly #random: Random;
  readonly #snapshot: Snapshot;
  readonly #unanswered: DeltaDiscoveryResponse[] = [];
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();
  #asked = new Set<XdsType>();
  #stream: AdsStream;
  #now = 0;

  constructor(snapshot: Snapshot, random: Random) {
    this.#snapshot = snapshot;
    this.#random = random;
    this.#stream = this.#connect();
    this.#askForAll();
  }

  /** One thing that may happen to a client. */
  step(): void {
    const random = this.#random;
    const happens = random.pick([
      () => this.#answer(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#pass(random.below(3_000)),
      () => this.#toggleTable(random.pick(["http", "https", "https-own"])),
      () => this.#toggleServerName(random.pick(["a.test", "b.test", "x.w.test", "no.where"])),
      () => (random.chance(0.2) ? this.#reconnect() : undefined),
    ]);
    happens();
  }

  /** Answers everything at once: no time passes meanwhile. */
  answerAll(): void {
    while (this.#unanswered.length > 0) this.#answer();
  }

  /** Whether it has asked for anything of a type since it came. */
  asks(type: XdsType): boolean {
    return this.#asked.has(type);
  }

  /** Answers everything, and lets time pass until nothing more comes. */
  settle(): void {
    for (let quiet = 0; quiet < 3; quiet++) {
      for (; this.#unanswered.length > 0; quiet = 0) this.#answer();
      this.#pass(10_000);
    }
  }

  close(): void {
    this.#stream.close();
  }

  #connect(): AdsStream {
    this.#asked = new Set();
    this.#unanswered.splice(0);
    return new AdsStream({
      snapshot: this.#snapshot,
      send: (response) => {
        const type = TYPE_OF_URL.get(response.typeUrl);
        const names = response.resources.map(({ name }) => name);
        if (type !== undefined) this.onSend(type, names);
        this.#unanswered.push(response);
        return true;
      },
      now: () => this.#now,
      setTimer: (run, millis) => {
        const timer = { at: this.#now + millis, run };
        this.#timers.add(timer);
        return { cancel: () => this.#timers.delete(timer) };
      },
    });
  }

  #reconnect(): void {
    this.#stream.close();
    this.#stream = this.#connect();
    this.#askForAll();
  }

  #askForAll(): void {
    const types: readonly XdsType[] = ["cluster", "listener", "endpoints", "routeTable", "virtualHost", "secret"];
    for (const type of this.#random.shuffled(types)) {
      if (type === "endpoints" && this.#clusters().length > 0) this.#ask(type, this.#clusters());
      else if (type === "routeTable" && this.tables.size > 0) this.#ask(type, [...this.tables]);
      else if (type === "virtualHost" && this.tables.size > 0) this.#ask(type, []);
      else if (type === "secret" && this.serverNames.size > 0) this.#ask(type, [...this.serverNames]);
      else if (type === "cluster" || type === "listener") this.#ask(type, []);
    }
  }

  /** The first request of a type brings along what is there. */
  #ask(type: XdsType, subscribe: readonly string[], more: Partial<DeltaDiscoveryRequest> = {}): void {
    const first = !this.#asked.has(type);
    this.#asked.add(type);
    this.#stream.request(
      DeltaDiscoveryRequest.fromPartial({
        typeUrl: TYPE_URLS[type],
        resourceNamesSubscribe: [...subscribe],
        initialResourceVersions: first ? Object.fromEntries(this.has.get(type)!) : {},
        ...more,
      }),
    );
  }

  #answer(): void {
    const response = this.#unanswered.shift();
    const type = TYPE_OF_URL.get(response?.typeUrl ?? "");
    if (response === undefined || type === undefined) return;
    const { nonce: responseNonce, resources, removedResources } = response;
    const bad = resources.filter(({ resource }) => Buffer.from(resource?.value ?? []).includes("bad"));
    if (bad.length > 0) {
      this.#ask(type, [], { responseNonce, errorDetail: { code: 3, message: "bad", details: [] } });
      return;
    }
    const has = this.has.get(type)!;
    for (const { name, version } of resources) if (this.#keeps(type, name)) has.set(name, version);
    for (const name of removedResources) has.delete(name);
    this.#ask(type, [], { responseNonce });
    if (type === "cluster")
      this.#followClusters(
        resources.map(({ name }) => name),
        removedResources,
      );
  }

  #keeps(type: XdsType, name: string): boolean {
    if (type === "virtualHost") return this.has.get("routeTable")!.has(tableOf(name));
    if (type === "endpoints") return this.has.get("cluster")!.has(name);
    if (type === "routeTable") return this.tables.has(name);
    return type !== "secret" || this.serverNames.has(name);
  }

  #followClusters(changed: readonly string[], removed: readonly string[]): void {
    const endpoints = this.has.get("endpoints")!;
    const added = changed.filter((name) => !this.#asked.has("endpoints") || !endpoints.has(name));
    for (const name of removed) endpoints.delete(name);
    if (added.length > 0) this.#ask("endpoints", added);
    if (removed.length > 0 && this.#asked.has("endpoints"))
      this.#ask("endpoints", [], { resourceNamesUnsubscribe: [...removed] });
  }

  #toggleTable(table: string): void {
    if (!this.tables.has(table)) {
      this.tables.add(table);
      this.#ask("routeTable", [table]);
      if (!this.#asked.has("virtualHost")) this.#ask("virtualHost", []);
      return;
    }
    if (table === "http") return;
    this.tables.delete(table);
    this.has.get("routeTable")!.delete(table);
    const hosts = this.has.get("virtualHost")!;
    for (const name of hosts.keys()) if (tableOf(name) === table) hosts.delete(name);
    this.#ask("routeTable", [], { resourceNamesUnsubscribe: [table] });
  }

  #toggleServerName(name: string): void {
    if (this.serverNames.delete(name)) {
      this.has.get("secret")!.delete(name);
      this.#ask("secret", [], { resourceNamesUnsubscribe: [name] });
    } else {
      this.serverNames.add(name);
      this.#ask("secret", [name]);
    }
  }

  #clusters(): readonly string[] {
    return [...this.has.get("cluster")!.keys()];
  }

  #pass(millis: number): void {
    const end = this.#now + millis;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}
