import { parseRouteKey } from "#xds/resources/traffic-key.ts";
import type { Owner, Upstream } from "./table-rows.ts";
import { parseUpstream } from "./upstream.ts";

/** One way through Envoy: the smallest thing that totals and latencies are kept of. */
export interface Flow {
  /** Counts from 0; stable while the process runs. */
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
}

/**
 * The flows that have been seen. Bounded: their number follows from the configuration, but configuration is made by many;
 * what comes after the bound is counted in one flow without a host.
 */
export class FlowTable {
  readonly #flows: Flow[] = [];
  /** Envoy → the rest of a flow's name. */
  readonly #byName = new Map<string, Map<string, Flow>>();
  readonly #most: number;
  #others: Flow | undefined;

  constructor(most = 100_000) {
    this.#most = most;
  }

  get all(): readonly Flow[] {
    return this.#flows;
  }

  get(id: number): Flow | undefined {
    return this.#flows[id];
  }

  /** `routeKey` is the counters' and entries' word for host, owner and route (traffic-key.ts). */
  flow(envoy: string, listener: string, routeKey: string, cluster: string): Flow {
    let byName = this.#byName.get(envoy);
    if (byName === undefined) this.#byName.set(envoy, (byName = new Map()));
    const name = `${listener}\n${cluster}\n${routeKey}`;
    const known = byName.get(name);
    if (known !== undefined) return known;
    if (this.#flows.length >= this.#most) return (this.#others ??= this.#add("", "", "", ""));
    const flow = this.#add(envoy, listener, routeKey, cluster);
    byName.set(name, flow);
    return flow;
  }

  #add(envoy: string, listener: string, key: string, cluster: string): Flow {
    const { host, owner, route } = parseRouteKey(key);
    const flow: Flow = {
      id: this.#flows.length,
      envoy,
      listener,
      host,
      route,
      owner,
      cluster,
      upstream: parseUpstream(cluster),
      routeKey: `${listener} ${key}`,
    };
    this.#flows.push(flow);
    return flow;
  }
}
