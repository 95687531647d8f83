import { FALLBACK_TABLE, HTTP_TABLE, isTunnel } from "#translate/ir.ts";
import { tableOf } from "./host-name.ts";
import type { XdsResource, XdsType } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";
import { isServerName, type Subscription } from "./subscription.ts";
import type { Waits } from "./waits.ts";

/**
 * How long a virtual host waits for its clusters' endpoints to be acknowledged, and whatever else for what it needs, once nothing of that
 * waits itself.
 */
export const CLUSTER_WAIT_MS = 2_000;
/** How long what is given up stays after what replaces it: requests on the way to it end well. */
export const LINGER_MS = 5_000;
/** How long it stays where what replaces it asks clients for more: until the client has that, and no longer than this. */
export const GUARD_WAIT_MS = 2_000;

/** What is to be done about one name: at once, not at all, or to be asked again later. */
export type Turn = "now" | "never" | "later";

/**
 * Make before break, for one client: what goes when, and what may be called gone. It knows what the client has from its
 * subscriptions, and asks for a bounded time of patience where an answer is outstanding.
 */
export class SendOrder {
  readonly #snapshot: Snapshot;
  readonly #subscriptions: ReadonlyMap<XdsType, Subscription>;
  readonly #waits: Waits;
  /** Names of resources that took away already what they take away. */
  readonly #tookAway = new Set<string>();

  constructor(snapshot: Snapshot, subscriptions: ReadonlyMap<XdsType, Subscription>, waits: Waits) {
    this.#snapshot = snapshot;
    this.#subscriptions = subscriptions;
    this.#waits = waits;
  }

  /**
   * The virtual hosts that are to be looked at because their table has been acknowledged since the last call. Envoy
   * subscribes to all virtual hosts with its first table and says nothing at the next ones, and hosts that come before their
   * table are lost on it.
   */
  hostsOfNewTables(): readonly string[] {
    if (!this.#subscriptions.has("virtualHost")) return [];
    const tables = this.#subscriptions.get("routeTable")?.takeNewTables() ?? [];
    return tables.flatMap((table) => {
      const hosts = this.#snapshot.hostsIn(table);
      // The removal of a host that never was answers for a table without hosts: its listener would wait for one.
      return hosts.length > 0 ? hosts : [noHost(table)];
    });
  }

  /** Whether a resource that the client has not got in this version goes to it. */
  ofResource(subscription: Subscription, name: string, resource: XdsResource): Turn {
    const { type } = subscription;
    if (!this.#isWanted(subscription, name)) {
      // Should it be wanted again, it waits anew.
      this.settled(type, name);
      return "never";
    }
    const takesAway = resource.takesAway === true && subscription.known.has(name) && !this.#tookAway.has(name);
    if (takesAway && !this.#mayEnd(type, name)) return "later";
    this.#forgetEnd(type, name);
    if (resource.takesAway === true) this.#tookAway.add(name);
    else this.#tookAway.delete(name);
    return this.#mayGo(subscription, name, resource) ? "now" : "later";
  }

  /** Whether a name that nothing answers is to be called gone: what the client has, or asked for and waits for. */
  ofRemoval(subscription: Subscription, name: string): Turn {
    const { type } = subscription;
    this.#waits.cancel(needsKey(type, name));
    this.#tookAway.delete(name);
    if (type === "endpoints") return this.#isStranded(subscription, name) ? "now" : "never";
    // Without an answer Envoy keeps what it has of a secret that it knows by its own name, and a chain that waits for one stays closed.
    if (type === "secret") return subscription.wants(name) && isServerName(name) ? "now" : "never";
    if (type === "virtualHost" && name === noHost(tableOf(name))) return "now";
    if (!subscription.mayHave(name)) {
      this.#forgetEnd(type, name);
      return type === "routeTable" && subscription.wants(name) ? "now" : "never";
    }
    const lingers =
      type === "cluster" ||
      (type === "listener" && isTunnel(name)) ||
      (type === "virtualHost" && this.#elsewhere(name).length > 0);
    return !lingers || this.#mayEnd(type, name) ? "now" : "later";
  }

  /** What the client has is what is wanted: nothing is waited for any more. */
  settled(type: XdsType, name: string): void {
    this.#forgetEnd(type, name);
    this.#waits.cancel(needsKey(type, name));
  }

  /**
   * Whether the client has what a resource needs, or that took too long. A host that sends traffic to a cluster which the client cannot use
   * yet would answer 503, and so would a cluster whose connections go through a listener that does not stand yet.
   */
  #mayGo({ type, acknowledged }: Subscription, name: string, { clusters, listeners = [] }: XdsResource): boolean {
    // Endpoints that the client has not got before serve nothing, and their cluster has waited.
    const through = type === "endpoints" && !acknowledged.has(name) ? [] : listeners;
    const missing = [
      ...through.filter((listener) => !this.#isOpen(listener)).map((listener) => needsKey("listener", listener)),
      ...clusters
        .filter((cluster) => !this.#isUsable(cluster))
        .flatMap((cluster) => [needsKey("cluster", cluster), needsKey("endpoints", cluster)]),
    ];
    const key = needsKey(type, name);
    if (missing.length === 0) {
      this.#waits.cancel(key);
      return true;
    }
    // What waits itself has its own time: this one's begins after it.
    return !this.#waits.isAfter(key, missing, CLUSTER_WAIT_MS) && this.#waits.isOver(key, CLUSTER_WAIT_MS);
  }

  /** Whether what the client has under a name need not stay any longer beside what replaces it. */
  #mayEnd(type: XdsType, name: string): boolean {
    const guarded = type === "virtualHost" ? this.#elsewhere(name).find(({ guarded }) => guarded === true) : undefined;
    if (guarded === undefined) return this.#waits.isOver(lingerKey(type, name), LINGER_MS);
    if (this.#subscriptions.get(type)?.acknowledged.has(guarded.name) !== true)
      return this.#waits.isOver(guardKey(type, name), GUARD_WAIT_MS);
    this.#forgetEnd(type, name);
    return true;
  }

  #forgetEnd(type: XdsType, name: string): void {
    this.#waits.cancel(lingerKey(type, name));
    this.#waits.cancel(guardKey(type, name));
  }

  /** Whether the client can use what stands under a name. For virtual hosts see {@link SendOrder.hostsOfNewTables}. */
  #isWanted(subscription: Subscription, name: string): boolean {
    if (subscription.type !== "virtualHost") return subscription.wants(name);
    return this.#subscriptions.get("routeTable")?.acknowledged.has(tableOf(name)) === true;
  }

  /**
   * Whether a client waits for endpoints of a cluster that is not wanted any more, as after it lost the server that had sent
   * it. Envoy hears nothing new of clusters while one warms, and would wait for its fetch timeout, 15 s; what it has of endpoints it keeps
   * when they are called gone.
   */
  #isStranded(endpoints: Subscription, name: string): boolean {
    return endpoints.wants(name) && !endpoints.mayHave(name) && this.#snapshot.get("cluster", name) === undefined;
  }

  #isUsable(name: string): boolean {
    const cluster = this.#snapshot.get("cluster", name);
    if (cluster === undefined) return true;
    const hasCluster = this.#subscriptions.get("cluster")?.acknowledged.has(name) === true;
    // Envoy uses no cluster before the first checks of its endpoints are through, and acknowledges none before that.
    if (cluster.checked === true && !hasCluster) return false;
    if (this.#subscriptions.get("endpoints")?.acknowledged.has(name) === true) return true;
    // Without endpoints of its own in the snapshot it is resolved by Envoy: the cluster alone counts.
    return this.#snapshot.get("endpoints", name) === undefined && hasCluster;
  }

  /** A client that has not asked for listeners yet uses nothing of what it gets meanwhile. */
  #isOpen(listener: string): boolean {
    const subscription = this.#subscriptions.get("listener");
    if (subscription === undefined || this.#snapshot.get("listener", listener) === undefined) return true;
    return subscription.acknowledged.has(listener);
  }

  /** The virtual hosts of the same host in other tables of the same kind. */
  #elsewhere(name: string): readonly XdsResource[] {
    const kind = connectionsOf(tableOf(name));
    return this.#snapshot.elsewhere(name).flatMap((other) => {
      if (connectionsOf(tableOf(other)) !== kind) return [];
      return this.#snapshot.get("virtualHost", other) ?? [];
    });
  }
}

/** A host moves between tables of the same kind; that it stands in one of another says nothing of it. */
function connectionsOf(table: string): "plain" | "nameless" | "named" {
  if (table === HTTP_TABLE) return "plain";
  return table === FALLBACK_TABLE ? "nameless" : "named";
}

/** Below a table, and no host's name. */
function noHost(table: string): string {
  return `${table}/`;
}

function lingerKey(type: XdsType, name: string): string {
  return `linger ${type} ${name}`;
}

function guardKey(type: XdsType, name: string): string {
  return `guard ${type} ${name}`;
}

/** The wait of a resource for the clusters and listeners that it needs. */
function needsKey(type: XdsType, name: string): string {
  return `needs ${type} ${name}`;
}
