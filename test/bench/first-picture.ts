import assert from "node:assert/strict";
import { bucketOf } from "#traffic/histogram.ts";
import { entryFacts } from "#traffic/entry.ts";
import { entryForTests } from "#traffic/entry-for-tests.ts";
import type { SnapshotMessage } from "#traffic/messages.ts";
import { rawRow } from "#traffic/raw-row.ts";
import { SAMPLING } from "#traffic/sampling-for-tests.ts";
import { TrafficCore } from "#traffic/traffic-core.ts";
import { atMost, median, type Report } from "./report.ts";

const ROUTES = 1000;
/** Of history: a quarter of an hour. */
const SECONDS = 900;
/** Each second. */
const LATENCIES = 200;
const ROWS = 50;
const PICTURES = 11;

/** As `subscribe` is answered without any wish, and as the console asks. */
const QUESTIONS = [
  { name: "first picture", wishes: {}, cpu: 30 },
  { name: "the console's", wishes: { recentRows: 500, columns: 900, tableRows: 1000 }, cpu: 120 },
] as const;
/** Milliseconds that nothing else of the process waits longer than for a picture. */
const LONGEST_TURN = 10;

/** What a look at the live traffic costs the thread that also configures Envoy, and how long that waits for it at a time. */
export async function measureFirstPicture(report: Report): Promise<void> {
  const world = new FullWorld();
  for (const { name, wishes, cpu } of QUESTIONS) {
    // The first pays for code that has not been compiled yet, which is what somebody who looks once pays.
    const [first, ...others] = await world.pictures({ columns: 300, tableRows: 100, ...wishes });
    const title = `${name} of the live view, ${ROUTES} routes`;
    report({ name: `${title}, cold: CPU`, value: first!.cpu, unit: "ms" });
    report(atMost(`${title}: CPU`, median(others.map((one) => one.cpu)), "ms", cpu));
    // By the clock, so other programs lengthen it: of the picture that was disturbed least.
    report(atMost(`${title}: longest turn`, Math.min(...others.map(({ longest }) => longest)), "ms", LONGEST_TURN));
  }
}

interface Cost {
  /** Milliseconds of the thread. */
  readonly cpu: number;
  /** Milliseconds of the longest turn. */
  readonly longest: number;
}

/** A quarter of an hour of traffic, all counted each second, some of it known singly. */
class FullWorld {
  readonly #turns: number[] = [];
  readonly #core: TrafficCore;
  readonly #values = new Map<string, number>();
  #now = 1_000_000_000;
  #counted = 0;

  constructor() {
    this.#core = new TrafficCore({
      retention: SECONDS * 1000,
      retentionBytes: 64 * 1024 * 1024,
      now: () => this.#now,
      sampling: () => SAMPLING,
      onPins: () => {},
      later: (turn) => void setImmediate(() => this.#time(turn)),
    });
    for (let route = 0; route < ROUTES; route++) this.#values.set(`200 - ${clusterOf(route)} http ${nameOf(route)}`, 0);
    const zero = { activeRequests: 0, activeConnections: 0, requests: 0, errors: 0, timeouts: 0, connectFailures: 0 };
    const changed = Array.from({ length: ROUTES }, (_, route) => ({
      cluster: clusterOf(route),
      endpoints: [1, 2, 3].map((last) => {
        const address = `10.${route >> 8}.${route & 255}.${last}:8080`;
        return { address, health: "healthy" as const, zone: "", ...zero };
      }),
    }));
    this.#core.applyClusters({ envoy: "e1", changed, gone: [], restarted: false, at: this.#now / 1000 });
    this.#count(0);
    for (let second = 0; second < SECONDS; second++) this.#pass(second);
  }

  /** Sessions that open one after the other, each by itself. Throws when a picture is not exact. */
  async pictures(wishes: { readonly columns: number; readonly tableRows: number }): Promise<readonly Cost[]> {
    const costs: Cost[] = [];
    for (let picture = 0; picture < PICTURES; picture++) {
      this.#turns.length = 0;
      const begin = process.threadCpuUsage();
      const { promise, resolve } = Promise.withResolvers<SnapshotMessage>();
      const session = this.#core.open({
        name: "viewer",
        scope: "all",
        operates: "all",
        isReady: () => true,
        send: (message) => message.type === "snapshot" && resolve(message),
      });
      this.#time(() => session.receive(JSON.stringify({ type: "subscribe", ...wishes })));
      const { totals, routes, columns } = await promise;
      const { user, system } = process.threadCpuUsage(begin);
      session.close();
      assert.equal(totals.counts.requests, this.#counted);
      assert.equal(routes.length, wishes.tableRows);
      assert.ok(columns.length > wishes.columns * 0.8, `${columns.length} columns`);
      costs.push({ cpu: (user + system) / 1000, longest: Math.max(...this.#turns) });
    }
    return costs;
  }

  #time(turn: () => void): void {
    const begin = performance.now();
    turn();
    this.#turns.push(performance.now() - begin);
  }

  #pass(second: number): void {
    this.#now += 1000;
    this.#count(1 + (second % 7));
    const routes = (count: number) => Array.from({ length: count }, (_, index) => (second * 31 + index * 7) % ROUTES);
    const flows = routes(LATENCIES).map((route, index) => ({
      second: this.#now / 1000 - 1,
      envoy: "e1",
      listener: "http",
      cluster: clusterOf(route),
      routeKey: nameOf(route),
      buckets: new Map([3, 17].map((by) => [bucketOf(1 + ((index * by) % 100)), 5])),
      phases: new Float64Array([1, 10, 2, 10, 300, 10, 1, 10]),
    }));
    const rows = routes(ROWS).map((route, index) => {
      const entry = entryForTests({
        start: this.#now - 20,
        route: nameOf(route),
        host: hostOf(route),
        authority: hostOf(route),
        cluster: clusterOf(route),
        path: `/item/${(second * ROWS + index) % 3000}`,
        client: `192.0.2.${(second + index) % 250}`,
      });
      return rawRow(entry, entryFacts(entry), { envoy: "e1", kept: "sample", weight: 5, keepQueryValues: false });
    });
    const received = { failures: 0, sample: LATENCIES };
    this.#core.applyBatch({
      received,
      malformed: 0,
      dropped: 0,
      newest: this.#now,
      flows,
      endpoints: [],
      gateways: [],
      rows,
    });
    this.#core.tick();
  }

  /** Each route has had `more` requests since the last second. */
  #count(more: number): void {
    for (const [name, value] of this.#values) this.#values.set(name, value + more);
    this.#counted += more * ROUTES;
    const changed = [...this.#values].map(([name, value]) => [`binnacle.requests.request.${name}`, value] as const);
    this.#core.applyCounters({ envoy: "e1", changed, gone: [], restarted: false }, this.#now - 1000, this.#now);
  }
}

function hostOf(route: number): string {
  return `app-${route}.example`;
}

function nameOf(route: number): string {
  return `${hostOf(route)}/Ingress/team-${route % 100}/app-${route}/prefix /`;
}

function clusterOf(route: number): string {
  return `local/team-${route % 100}/app-${route}/80`;
}
