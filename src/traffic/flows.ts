import { parseRouteKey } from "#xds/resources/traffic-key.ts";
import type { Owner, Upstream } from "./table-rows.ts";
import { parseUpstream } from "./upstream.ts";

/** One way through Envoy: the smallest thing that totals and latencies are kept of. */
export interface Flow {
  /** Counts from 0; another's when this one is forgotten. */
  readonly id: number;
  /** Node id of the Envoy that served it. */
  readonly envoy: string;
  readonly listener: string;
  readonly host: string;
  readonly route: string;
  readonly owner: Owner | undefined;
  /** Envoy's name; empty when no upstream was chosen. */
  readonly cluster: string;
  readonly upstream: Upstream | undefined;
  /** Of the row that it belongs to in the table of routes. */
  readonly routeKey: string;
  /** Not one way, but all that were forgotten of this Envoy, listener and namespace: it is in no row of a route, host or object. */
  readonly isPast: boolean;
}

/** Flows of the past that are told apart by namespace; of more it is not known whose they were. */
const MOST_PAST = 10_000;

/** What a flow of the past has instead of a host and a route: no filter asks for it. */
const PAST = " ";

export interface FlowTableOptions {
  /** Flows, at most. */
  readonly most?: number;
  /** Milliseconds that a flow stays when nobody counts it any more; more than anything is kept by its id. */
  readonly stay?: number;
  /** Milliseconds of any clock. */
  readonly now?: () => number;
}

/**
 * The flows that have been seen, as long as somebody counts them and a while longer. Bounded: their number follows from the
 * configuration, but configuration is made by many; what comes after the bound is counted in one flow without a host.
 */
export class FlowTable {
  /** By id. */
  readonly #flows: (Flow | undefined)[] = [];
  /** Ids of those that were forgotten. */
  readonly #free: number[] = [];
  /** Envoy → the rest of a flow's name. */
  readonly #byName = new Map<string, Map<string, Flow>>();
  /** How many counters each has. */
  readonly #counters = new Map<Flow, number>();
  /** Those without, by when they were seen last, the oldest first. */
  readonly #idle = new Map<Flow, number>();
  /** Envoy, listener and namespace → what was forgotten of them. */
  readonly #past = new Map<string, Flow>();
  /** Envoys that will not come back, of which flows are here still. */
  readonly #ended = new Set<string>();
  readonly #options: Required<FlowTableOptions>;
  #others: Flow | undefined;

  constructor({ most = 100_000, stay = Infinity, now = Date.now }: FlowTableOptions = {}) {
    this.#options = { most, stay, now };
  }

  /** By id; undefined where one was forgotten. */
  get all(): readonly (Flow | undefined)[] {
    return this.#flows;
  }

  get(id: number): Flow | undefined {
    return this.#flows[id];
  }

  /** `routeKey` is the counters' and entries' word for host, owner and route (traffic-key.ts). */
  flow(envoy: string, listener: string, routeKey: string, cluster: string): Flow {
    let byName = this.#byName.get(envoy);
    if (byName === undefined) this.#byName.set(envoy, (byName = new Map()));
    const name = nameOf(listener, cluster, routeKey);
    const known = byName.get(name);
    if (known !== undefined) {
      if (!this.#counters.has(known)) this.#seen(known);
      return known;
    }
    if (this.#flows.length - this.#free.length >= this.#options.most)
      return (this.#others ??= this.#add("", "", "", ""));
    const flow = this.#add(envoy, listener, routeKey, cluster);
    this.#ended.delete(envoy);
    byName.set(name, flow);
    this.#seen(flow);
    return flow;
  }

  /** One more counter counts it. */
  count(flow: Flow): void {
    this.#counters.set(flow, (this.#counters.get(flow) ?? 0) + 1);
    this.#idle.delete(flow);
  }

  /** One of its counters is no more. */
  uncount(flow: Flow): void {
    const left = (this.#counters.get(flow) ?? 1) - 1;
    if (left > 0) this.#counters.set(flow, left);
    else {
      this.#counters.delete(flow);
      if (flow !== this.#others) this.#seen(flow);
    }
  }

  /** An Envoy will not come back: what is forgotten of it is added up with that of others. */
  ended(envoy: string): void {
    if (this.#byName.has(envoy)) this.#ended.add(envoy);
    for (const flow of this.#past.values()) if (flow.envoy === envoy) this.#seen(flow);
  }

  /** Forgets those that nobody has counted for as long as they stay: each with the flow in which it is counted from now on. */
  forgetIdle(): readonly (readonly [forgotten: Flow, into: Flow])[] {
    const before = this.#options.now() - this.#options.stay;
    const pairs: (readonly [Flow, Flow])[] = [];
    for (const [flow, seen] of this.#idle) {
      if (seen >= before) break;
      pairs.push([flow, this.#pastOf(flow)]);
      this.#remove(flow);
    }
    for (const [{ id }] of pairs) this.#free.push(id);
    return pairs;
  }

  #seen(flow: Flow): void {
    this.#idle.delete(flow);
    this.#idle.set(flow, this.#options.now());
  }

  #remove(flow: Flow): void {
    const { id, envoy, listener, cluster, routeKey, owner, isPast } = flow;
    this.#idle.delete(flow);
    this.#flows[id] = undefined;
    if (isPast) this.#past.delete(pastKey(envoy, listener, owner?.namespace));
    const byName = this.#byName.get(envoy);
    byName?.delete(nameOf(listener, cluster, routeKey.slice(listener.length + 1)));
    if (byName?.size !== 0) return;
    this.#byName.delete(envoy);
    this.#ended.delete(envoy);
  }

  #pastOf({ envoy: of, listener, owner, isPast }: Flow): Flow {
    const envoy = isPast || this.#ended.has(of) ? "" : of;
    const known = this.#past.get(pastKey(envoy, listener, owner?.namespace));
    if (known !== undefined) return known;
    const namespace = this.#past.size < MOST_PAST ? owner?.namespace : undefined;
    const key = pastKey(envoy, listener, namespace);
    const nobodys = this.#past.get(key);
    if (nobodys !== undefined) return nobodys;
    const names = { envoy, listener, host: PAST, route: PAST, cluster: "", routeKey: PAST };
    const past = this.#put({
      ...names,
      owner: namespace === undefined ? undefined : { kind: "", namespace, name: "" },
      isPast: true,
    });
    this.#past.set(key, past);
    return past;
  }

  #add(envoy: string, listener: string, key: string, cluster: string): Flow {
    const { host, owner, route } = parseRouteKey(key);
    return this.#put({ envoy, listener, host, route, owner, cluster, routeKey: `${listener} ${key}`, isPast: false });
  }

  #put(flow: Omit<Flow, "id" | "upstream">): Flow {
    const made = { ...flow, id: this.#free.pop() ?? this.#flows.length, upstream: parseUpstream(flow.cluster) };
    this.#flows[made.id] = made;
    return made;
  }
}

function nameOf(listener: string, cluster: string, routeKey: string): string {
  return `${listener}\n${cluster}\n${routeKey}`;
}

function pastKey(envoy: string, listener: string, namespace: string | undefined): string {
  return `${envoy}\n${listener}\n${namespace ?? ""}`;
}
