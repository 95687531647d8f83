import { compareText } from "#lib/compare.ts";
import type { ClusterReading, EndpointReading } from "./clusters-text.ts";
import { EndpointAnswers } from "./endpoint-answers.ts";
import { gatewayBackend } from "./gateway-failures.ts";
import { isHealthy } from "./failure-facts.ts";
import { type MembershipReading, Memberships } from "./memberships.ts";
import type { EndpointHealth, EndpointState, SeenBy, Upstream } from "./table-rows.ts";
import { type TakenOver, TakenOverCounts } from "./taken-over.ts";
import type { EndpointSum } from "./receiver-messages.ts";
import { formatUpstream, parseUpstream } from "./upstream.ts";

/** What an Envoy's `/clusters` says that differs from what it said before. */
export interface BoardReading {
  readonly envoy: string;
  readonly changed: readonly ClusterReading[];
  readonly gone: readonly string[];
  /** Another process than before: its counters began at 0. */
  readonly restarted: boolean;
  /** Seconds since the epoch. */
  readonly at: number;
}

const COUNTERS = ["requests", "errors", "timeouts", "connectFailures"] as const;
type Counters = Record<(typeof COUNTERS)[number], number>;

/** One endpoint as one Envoy sees it. */
interface Seen {
  reading: EndpointReading;
  readonly totals: Counters;
  readonly last: Counters;
  requestsPerSecond: number;
  errorsPerSecond: number;
  /** When `last` was read. */
  at: number;
}

/** Worst first: what several Envoys say of one endpoint becomes the worst. */
const WORST: readonly EndpointHealth[] = [
  "ejected",
  "failing",
  "unhealthy",
  "draining",
  "unknown",
  "degraded",
  "healthy",
];

/** An upstream from which others take over. */
export interface Failover {
  readonly upstream: Upstream;
  /** Others get some of its requests: too few of its own endpoints are healthy. */
  readonly failedOver: boolean;
}

/** Envoy's overprovisioning factor: a priority takes 1.4 times the share of its endpoints that are healthy. */
const SPILL_OVER_BELOW = 1 / 1.4;

/** The endpoints of all upstreams with their health and counters, over all Envoys. */
export class EndpointBoard {
  /** Cluster → Envoy → endpoint's address. */
  readonly #clusters = new Map<string, Map<string, Map<string, Seen>>>();
  /** Those of {@link #clusters} that are gateways: few. */
  readonly #gateways = new Set<string>();
  readonly #memberships = new Memberships();
  readonly #answers: EndpointAnswers;
  readonly #takenOver = new TakenOverCounts();

  constructor(windowSeconds: number) {
    this.#answers = new EndpointAnswers(windowSeconds);
  }

  /** Returns the clusters whose endpoints differ now. */
  apply(reading: BoardReading): readonly string[] {
    if (reading.restarted) this.#restart(reading.envoy);
    for (const cluster of reading.gone) this.#remove(cluster, reading.envoy);
    const named = new Set(reading.gone);
    for (const { cluster, endpoints } of reading.changed) {
      named.add(cluster);
      this.#read(cluster, reading, endpoints);
    }
    // What was not named stands still, so its rates are 0 now.
    for (const [cluster, envoys] of this.#clusters) {
      if (named.has(cluster) || !rest(envoys.get(reading.envoy), reading.at)) continue;
      named.add(cluster);
    }
    return [...named];
  }

  /** The same of an Envoy that tells only how many endpoints it has. */
  applyMemberships(reading: MembershipReading): readonly string[] {
    return this.#memberships.apply(reading);
  }

  forget(envoy: string): void {
    for (const cluster of this.#clusters.keys()) this.#remove(cluster, envoy);
    this.#memberships.forget(envoy);
  }

  /** What single requests say of an endpoint. */
  addAnswers(sum: EndpointSum): void {
    this.#answers.add(sum);
  }

  /** Drops what is out of the window at `now`, seconds since the epoch. Returns the clusters whose endpoints changed by that. */
  trim(now: number): readonly string[] {
    return this.#answers.trim(now, (cluster, address) =>
      [...(this.#clusters.get(cluster)?.values() ?? [])].some((endpoints) => endpoints.has(address)),
    );
  }

  /** The clusters that an Envoy has, in no order; one may come twice. */
  *names(): Generator<string> {
    yield* this.#clusters.keys();
    yield* this.#memberships.names();
  }

  has(cluster: string): boolean {
    return this.#clusters.has(cluster) || this.#memberships.has(cluster);
  }

  /** One for each endpoint; undefined for a cluster that no Envoy has. */
  healths(cluster: string): readonly EndpointHealth[] | undefined {
    const envoys = this.#clusters.get(cluster);
    if (envoys === undefined) return undefined;
    const byAddress = new Map<string, EndpointHealth>();
    for (const endpoints of envoys.values()) {
      for (const [address, { reading }] of endpoints) {
        byAddress.set(address, worse(reading.health, byAddress.get(address) ?? "healthy"));
      }
    }
    return [...byAddress.values()];
  }

  /** The same of a backend's gateway, for some seconds of two of them where one takes the other's place; undefined: it has none. */
  gatewayHealths(backend: string): readonly EndpointHealth[] | undefined {
    const clusters = [...this.#gateways].filter((cluster) => gatewayBackend(cluster) === backend);
    return clusters.length === 0 ? undefined : clusters.flatMap((cluster) => this.healths(cluster) ?? []);
  }

  /** The upstreams that others stand behind, sorted; as the Envoy that sees most of their endpoints fail. */
  failovers(): readonly Failover[] {
    const found = new Map<string, Failover>();
    for (const [cluster, envoys] of [...this.#clusters].sort(([a], [b]) => compareText(a, b))) {
      const upstream = parseUpstream(cluster);
      if (upstream === undefined) continue;
      // Clusters of one upstream, for routes that want different things of it, come one after the other.
      const key = formatUpstream(upstream);
      for (const endpoints of envoys.values()) {
        const failedOver = isFailedOver([...endpoints.values()].map(({ reading }) => reading));
        if (failedOver === undefined || found.get(key)?.failedOver === true) continue;
        found.set(key, { upstream, failedOver });
      }
    }
    return [...found.values()];
  }

  /** The upstream that takes over which an endpoint belongs to; undefined: it is the cluster's own, or not known. */
  fallbackOf(cluster: string, address: string): Upstream | undefined {
    for (const endpoints of this.#clusters.get(cluster)?.values() ?? []) {
      const fallback = endpoints.get(address)?.reading.fallback;
      if (fallback !== undefined) return fallback;
    }
    return undefined;
  }

  /** How many requests of upstreams others had, since their Envoys began; also of endpoints that are gone. */
  takenOver(): readonly TakenOver[] {
    return this.#takenOver.all();
  }

  /** What each of the Envoys meant says of a cluster, sorted by node id. */
  seenBy(cluster: string, sees: (envoy: string) => boolean): readonly SeenBy[] {
    const known = [...(this.#clusters.get(cluster) ?? [])].map(([envoy, endpoints]): SeenBy => {
      const healthy = [...endpoints.values()].filter(({ reading }) => isHealthy(reading.health)).length;
      return { envoy, healthy, endpoints: endpoints.size };
    });
    return [...known, ...this.#memberships.of(cluster)]
      .filter(({ envoy }) => sees(envoy))
      .sort((a, b) => compareText(a.envoy, b.envoy));
  }

  /** As the Envoys meant see them, sorted by address. */
  endpoints(cluster: string, sees: (envoy: string) => boolean = () => true): readonly EndpointState[] {
    const byAddress = new Map<string, Seen[]>();
    for (const [envoy, endpoints] of this.#clusters.get(cluster) ?? []) {
      if (!sees(envoy)) continue;
      for (const [address, seen] of endpoints) byAddress.set(address, [...(byAddress.get(address) ?? []), seen]);
    }
    return [...byAddress]
      .sort(([a], [b]) => compareText(a, b))
      .map(([address, seen]) => this.#state(cluster, address, seen));
  }

  #state(cluster: string, address: string, seen: readonly Seen[]): EndpointState {
    const sum = (of: (one: Seen) => number) => seen.reduce((total, one) => total + of(one), 0);
    const answers = this.#answers.of(cluster, address);
    const zone = seen.find(({ reading }) => reading.zone !== "")?.reading.zone;
    const { priority, fallback } = seen[0]?.reading ?? {};
    return {
      address,
      health: seen.map(({ reading }) => reading.health).reduce(worse, "healthy"),
      ...(zone === undefined ? {} : { zone }),
      ...(priority === undefined ? {} : { priority }),
      ...(fallback === undefined ? {} : { fallback }),
      activeRequests: sum(({ reading }) => reading.activeRequests),
      activeConnections: sum(({ reading }) => reading.activeConnections),
      requests: sum(({ totals }) => totals.requests),
      errors: sum(({ totals }) => totals.errors) + answers.errors,
      timeouts: sum(({ totals }) => totals.timeouts),
      connectFailures: sum(({ totals }) => totals.connectFailures),
      perSecond: sum(({ requestsPerSecond }) => requestsPerSecond),
      errorsPerSecond: sum(({ errorsPerSecond }) => errorsPerSecond) + answers.errorsPerSecond,
      latency: answers.latency,
    };
  }

  #read(cluster: string, { envoy, at }: BoardReading, endpoints: readonly EndpointReading[]): void {
    const envoys = this.#clusters.get(cluster) ?? new Map<string, Map<string, Seen>>();
    this.#clusters.set(cluster, envoys);
    if (gatewayBackend(cluster) !== undefined) this.#gateways.add(cluster);
    const before = envoys.get(envoy);
    const seen = endpoints.map((reading) => {
      const known = before?.get(reading.address);
      const counted = known?.totals.requests ?? 0;
      const now = next(known, reading, at);
      if (reading.fallback !== undefined) this.#takenOver.add(cluster, reading.fallback, now.totals.requests - counted);
      return [reading.address, now] as const;
    });
    envoys.set(envoy, new Map(seen));
  }

  #remove(cluster: string, envoy: string): void {
    const envoys = this.#clusters.get(cluster);
    envoys?.delete(envoy);
    if (envoys?.size !== 0) return;
    this.#clusters.delete(cluster);
    this.#gateways.delete(cluster);
  }

  #restart(envoy: string): void {
    for (const envoys of this.#clusters.values()) {
      for (const seen of envoys.get(envoy)?.values() ?? []) Object.assign(seen.last, ZERO);
    }
  }
}

/** Undefined: nobody stands behind it. */
function isFailedOver(endpoints: readonly EndpointReading[]): boolean | undefined {
  if (endpoints.every(({ fallback }) => fallback === undefined)) return undefined;
  const own = endpoints.filter(({ fallback }) => fallback === undefined);
  const healthy = own.filter(({ health }) => isHealthy(health)).length;
  return own.length === 0 || healthy / own.length < SPILL_OVER_BELOW;
}

function worse(a: EndpointHealth, b: EndpointHealth): EndpointHealth {
  return WORST.indexOf(a) < WORST.indexOf(b) ? a : b;
}

const ZERO: Counters = { requests: 0, errors: 0, timeouts: 0, connectFailures: 0 };

function next(before: Seen | undefined, reading: EndpointReading, at: number): Seen {
  const seen = before ?? firstSight(reading, at);
  const gained: Counters = { ...ZERO };
  for (const name of COUNTERS) {
    gained[name] = reading[name] >= seen.last[name] ? reading[name] - seen.last[name] : reading[name];
    seen.totals[name] += gained[name];
    seen.last[name] = reading[name];
  }
  const seconds = Math.max(at - seen.at, 0.1);
  seen.requestsPerSecond = before === undefined ? 0 : rate(gained.requests, seconds);
  seen.errorsPerSecond = before === undefined ? 0 : rate(gained.errors, seconds);
  seen.reading = reading;
  seen.at = at;
  return seen;
}

function firstSight(reading: EndpointReading, at: number): Seen {
  return { reading, totals: { ...ZERO }, last: { ...ZERO }, requestsPerSecond: 0, errorsPerSecond: 0, at };
}

/** Sets the rates of endpoints that stood still to 0; says whether that changed any. */
function rest(endpoints: ReadonlyMap<string, Seen> | undefined, at: number): boolean {
  let changed = false;
  for (const seen of endpoints?.values() ?? []) {
    seen.at = at;
    if (seen.requestsPerSecond === 0 && seen.errorsPerSecond === 0) continue;
    seen.requestsPerSecond = 0;
    seen.errorsPerSecond = 0;
    changed = true;
  }
  return changed;
}

function rate(count: number, seconds: number): number {
  return Math.round((count / seconds) * 100) / 100;
}
