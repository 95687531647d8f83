import { formatUpstream } from "#api/traffic-filter.ts";
import type { SnapshotMessage, TrafficFilter } from "#traffic/messages.ts";
import type { RequestRow, Talkers } from "#traffic/request-shown.ts";
import type { ClusterState, Column, RouteTotals } from "#traffic/table-rows.ts";
import { placePasses, sameUpstream } from "./passes.ts";
import { columnOf, isError, quantilesOf, ratesOf, sumCounts, Tally, WINDOW } from "./tally.ts";
import { CLUSTERS, ROUTES, type SimulatedCluster } from "./world.ts";

/** What is counted of the invented requests, route by route: the part of a picture that is tables and columns. */
export class SimulatedTables {
  readonly #tallies = ROUTES.map(() => new Tally());

  add(row: RequestRow): void {
    const index = ROUTES.findIndex(({ listener, route }) => listener === row.listener && route === row.route);
    this.#tallies[index]?.add(row);
  }

  totals(filter: TrafficFilter, second: number): Pick<SnapshotMessage["totals"], "counts" | "rates"> {
    const tallies = this.#of(filter);
    return { counts: sumCounts(tallies), rates: ratesOf(tallies, second) };
  }

  /** The last `count` seconds up to `second`. */
  columns(filter: TrafficFilter, second: number, count: number): Column[] {
    const tallies = this.#of(filter);
    return Array.from({ length: count }, (_, index) => columnOf(tallies, second - count + 1 + index));
  }

  #of(filter: TrafficFilter): Tally[] {
    return this.#tallies.filter((_, index) => placePasses(ROUTES[index]!, filter));
  }

  routes(filter: TrafficFilter, second: number): RouteTotals[] {
    return ROUTES.flatMap((route, index): RouteTotals[] => {
      const tally = this.#tallies[index]!;
      if (!placePasses(route, filter)) return [];
      const rates = ratesOf([tally], second);
      const { perSecond, errorsPerSecond } = rates;
      return [
        {
          key: `${route.listener} ${route.host} ${route.route}`,
          listener: route.listener,
          host: route.host,
          route: route.route,
          owner: route.owner,
          counts: { ...tally.counts },
          rates,
          upstreams: route.upstream === undefined ? [] : [{ upstream: route.upstream, perSecond, errorsPerSecond }],
        },
      ];
    });
  }

  clusters(filter: TrafficFilter, second: number): ClusterState[] {
    return CLUSTERS.flatMap((cluster) => {
      const indexes = ROUTES.flatMap((route, index) =>
        route.upstream !== undefined && sameUpstream(route.upstream, cluster.upstream) && placePasses(route, filter)
          ? [index]
          : [],
      );
      return indexes.length === 0
        ? []
        : [
            this.#cluster(
              cluster,
              indexes.map((index) => this.#tallies[index]!),
              second,
            ),
          ];
    });
  }

  #cluster({ upstream, endpoints }: SimulatedCluster, tallies: readonly Tally[], second: number): ClusterState {
    const rows = tallies.flatMap((tally) =>
      Array.from({ length: WINDOW }, (_, back) => tally.at(second - 1 - back)).flat(),
    );
    const healthy = endpoints.filter(({ health }) => health === "healthy").length;
    return {
      key: formatUpstream(upstream),
      upstream,
      counts: sumCounts(tallies),
      rates: ratesOf(tallies, second),
      healthy,
      endpoints: endpoints.map(({ address, health, zone }) => {
        const own = rows.filter((row) => row.endpoint === address);
        const errors = own.filter(isError).length;
        const latency = quantilesOf(own);
        return {
          address,
          health,
          zone,
          activeRequests: own.length % 4,
          activeConnections: health === "healthy" ? 6 : 0,
          requests: own.length * 40,
          errors,
          timeouts: 0,
          connectFailures: health === "failing" ? 12 : 0,
          perSecond: own.length / WINDOW,
          errorsPerSecond: errors / WINDOW,
          ...(latency === undefined ? {} : { latency }),
        };
      }),
    };
  }
}

export function talkersOf(rows: readonly RequestRow[]): Talkers {
  const count = (value: (row: RequestRow) => string): Talkers["clients"] => {
    const groups = Map.groupBy(rows, value);
    return [...groups]
      .map(([value, own]) => ({
        value,
        perSecond: own.length / 60,
        errorRatio: own.filter(isError).length / own.length,
      }))
      .sort((a, b) => b.perSecond - a.perSecond)
      .slice(0, 10);
  };
  return {
    clients: count(({ client }) => client),
    paths: count(({ path }) => path),
    agents: count(({ userAgent }) => userAgent),
    routes: count(({ route }) => route),
  };
}
