import { MultiMap } from "#lib/multi-map.ts";
import type { DeltaDiscoveryRequest } from "#proto/envoy/service/discovery/v3/discovery.ts";
import { HostVersions } from "./host-versions.ts";
import type { XdsType } from "./resource.ts";
import type { Snapshot } from "./snapshot.ts";

/** How many refusals of one type are remembered. The oldest that is forgotten is sent once more, should it be wanted again. */
export const MOST_REFUSED = 1_000;

/**
 * What a client asked for of one type, and what it has. Names are the client's: for secrets they are server names, which
 * several resources may answer.
 */
export class Subscription {
  readonly type: XdsType;
  /** Version that was sent or that the client brought along, by name. */
  readonly known: Map<string, string>;
  readonly #acknowledged: Map<string, string>;
  /** Of route tables: those that the client has since {@link takeNewTables}. */
  readonly #newTables = new Set<string>();
  /** What the client may have or not. */
  readonly uncertain = new Set<string>();
  /** The last response about a name, as long as it is not answered. */
  readonly #inFlight = new Map<string, string>();
  readonly #names = new Set<string>();
  /** Server names that are not written as hosts are, by the host. */
  readonly #spellings = new Map<string, Set<string>>();
  /** Server names by what stands above them, as `.example.com`. */
  readonly #below = new MultiMap<string, string>();
  #wildcard: boolean;

  /** Whether the client has nothing, asked for everything and has had no answer yet: "nothing" is one, too. */
  awaitsFirst: boolean;
  /** The version that the client refused when it came alone, and its words, by name: it is not sent it again. */
  readonly refused = new Map<string, { readonly version: string; readonly message: string }>();

  /**
   * The first request of a stream: without names it means everything (xDS: "wildcard" subscriptions). Of secrets there is no
   * everything: a client gets those alone that it had handshakes for.
   */
  constructor(type: XdsType, request: DeltaDiscoveryRequest) {
    const { resourceNamesSubscribe: names, initialResourceVersions: versions } = request;
    this.type = type;
    this.known = type === "virtualHost" ? new HostVersions() : new Map();
    this.#acknowledged = type === "virtualHost" ? new HostVersions() : new Map();
    this.#wildcard = type !== "secret" && (names.length === 0 || names.includes("*"));
    this.awaitsFirst = this.#wildcard && Object.keys(versions).length === 0;
    for (const [name, version] of Object.entries(versions)) {
      this.known.set(name, version);
      this.acknowledge(name, version);
    }
  }

  /** Version that the client acknowledged, by name. */
  get acknowledged(): ReadonlyMap<string, string> {
    return this.#acknowledged;
  }

  acknowledge(name: string, version: string): void {
    if (this.type === "routeTable" && !this.#acknowledged.has(name)) this.#newTables.add(name);
    this.#acknowledged.set(name, version);
  }

  /** The client has nothing of this name any more. */
  lose(name: string): void {
    this.#newTables.delete(name);
    this.#acknowledged.delete(name);
  }

  takeNewTables(): readonly string[] {
    const tables = [...this.#newTables];
    this.#newTables.clear();
    return tables;
  }

  /**
   * Takes the changes of a request. Returns the names that have to be answered: those that were asked for, also again, and those
   * that were given up beside a wildcard, of which the client cannot tell whether it has them still.
   */
  update(request: DeltaDiscoveryRequest): readonly string[] {
    const owed: string[] = [];
    for (const name of request.resourceNamesUnsubscribe) {
      if (name === "*" && this.type !== "secret") this.#giveUpWildcard();
      else this.#giveUp(name);
    }
    for (const name of request.resourceNamesUnsubscribe) {
      if (!this.#wildcard || name === "*") continue;
      this.uncertain.add(name);
      owed.push(name);
    }
    for (const name of request.resourceNamesSubscribe) {
      if (name === "*" && this.type !== "secret") this.#wildcard = true;
      else this.#add(name);
    }
    return owed.concat(request.resourceNamesSubscribe);
  }

  #giveUp(name: string): void {
    this.#names.delete(name);
    this.#below.delete(parentOf(hostOf(name)) ?? "", name);
    const spellings = this.#spellings.get(hostOf(name));
    if (spellings?.delete(name) === true && spellings.size === 0) this.#spellings.delete(hostOf(name));
    this.#forget(name);
  }

  /** What came by it alone the client has no more. */
  #giveUpWildcard(): void {
    this.#wildcard = false;
    for (const name of this.known.keys()) if (!this.#names.has(name)) this.#forget(name);
  }

  #forget(name: string): void {
    this.known.delete(name);
    this.lose(name);
    this.refused.delete(name);
  }

  /** The client refused this version when it came alone. */
  noteRefused(name: string, version: string, message: string): void {
    this.refused.delete(name);
    this.refused.set(name, { version, message });
    const [oldest] = this.refused.keys();
    if (this.refused.size > MOST_REFUSED && oldest !== undefined) this.refused.delete(oldest);
  }

  /** A response has something to say of this name. */
  sent(name: string, nonce: string): void {
    this.#inFlight.set(name, nonce);
  }

  /** A response is answered. Returns whether it is the last one that had something to say of this name. */
  settles(name: string, nonce: string): boolean {
    if (this.#inFlight.get(name) !== nonce) return false;
    return this.#inFlight.delete(name);
  }

  mayHave(name: string): boolean {
    return this.known.has(name) || this.uncertain.has(name);
  }

  /** Of virtual hosts: the client has none of this table any more. */
  forgetTable(table: string): void {
    for (const versions of [this.known, this.#acknowledged]) {
      if (versions instanceof HostVersions) versions.deleteTable(table);
    }
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** The names of this subscription that a resource answers. */
  answeredBy(resource: string): readonly string[] {
    if (this.type !== "secret") return this.wants(resource) ? [resource] : [];
    if (resource === "*") return [...this.#names];
    if (!resource.startsWith("*."))
      return [...(this.#names.has(resource) ? [resource] : []), ...(this.#spellings.get(resource) ?? [])];
    return this.#below.get(resource.slice(1));
  }

  /** All names that are subscribed or known: what there is to compare with the snapshot. */
  everything(snapshot: Snapshot): Iterable<string> {
    const names = new Set(this.known.keys());
    if (this.#wildcard) for (const name of snapshot.names(this.type)) names.add(name);
    return names.union(this.#names);
  }

  #add(name: string): void {
    this.#names.add(name);
    if (this.type !== "secret") return;
    const host = hostOf(name);
    const parent = parentOf(host);
    if (parent !== undefined) this.#below.add(parent, name);
    if (host === name) return;
    const spellings = this.#spellings.get(host) ?? new Set<string>();
    this.#spellings.set(host, spellings.add(name));
  }
}

/** The resource that answers a name: for a secret the server name itself, the wildcard above it, or the catch-all. */
export function resolve(type: XdsType, name: string, snapshot: Snapshot): ReturnType<Snapshot["get"]> {
  if (type !== "secret" || !isServerName(name)) return snapshot.get(type, name);
  const host = hostOf(name);
  const parent = parentOf(host);
  return (
    snapshot.get(type, host) ??
    (parent === undefined ? undefined : snapshot.get(type, `*${parent}`)) ??
    snapshot.get(type, "*")
  );
}

/**
 * Whether a secret is asked for by a handshake's server name, and not by its own, as one that says which clients are good. A
 * wildcard's certificate must never answer for such a one: Envoy 1.40 takes a secret of another kind for an empty one, and
 * then takes every client, also one without a certificate.
 */
export function isServerName(secret: string): boolean {
  return !secret.includes("/");
}

/** The host that a server name means: without case and without the root's dot (RFC 6066 §3, RFC 4343). */
export function hostOf(serverName: string): string {
  return serverName.toLowerCase().replace(/\.$/, "");
}

/** `.example.com` of `www.example.com`. */
function parentOf(name: string): string | undefined {
  const dot = name.indexOf(".");
  return dot <= 0 ? undefined : name.slice(dot);
}
