import type { HTTPAccessLogEntry } from "#proto/envoy/data/accesslog/v3/accesslog.ts";
import type { AccessLogName } from "#xds/resources/access-log.ts";
import { parseRouteKey } from "#xds/resources/traffic-key.ts";
import { addressWithoutPort, type EntryFacts, entryFacts, isFailure, isTwice } from "./entry.ts";
import { matchesPin } from "./filter.ts";
import { type GatewayFailure, gatewayFailure } from "./gateway-failures.ts";
import { bucketOf } from "./histogram.ts";
import type { PinTarget } from "./messages.ts";
import type { KeptBecause } from "./request-shown.ts";
import type { RouteShares } from "./request-load.ts";
import { rawRow } from "./raw-row.ts";
import type { Batch, EndpointSum, FlowLatency } from "./receiver-messages.ts";
import { PHASE_SUMS } from "./phase-sums.ts";

export interface AggregateSettings {
  /** Shares that Envoy was told to send. */
  readonly failures: number;
  readonly sample: number;
  /** Of the sample that comes in, the part that is shown: 1 unless something is pinned. */
  readonly shown: number;
  /** Of these routes, which part of the ordinary requests may come at all. */
  readonly routeShares: RouteShares;
  readonly pins: readonly PinTarget[];
  readonly slowThreshold: number;
  readonly keepQueryValues: boolean;
  /** Rows that wait for the next batch, at most. */
  readonly rows: number;
}

/** Apart, so that a flood of ordinary requests leaves room for the failures that come with it. */
export interface RowLimit {
  readonly precious: number;
  readonly ordinary: number;
}

interface Waiting {
  readonly entry: HTTPAccessLogEntry;
  readonly facts: EntryFacts;
  readonly envoy: string;
  readonly kept: KeptBecause;
  readonly weight: number;
}

/** Entries whose end lies further from now than this (milliseconds) come from a clock that is wrong. */
const CLOCK_SLACK = 60_000;

/** What came in since the last batch: all of it as sums, of single requests as many as a batch takes. */
export class TickAggregate {
  #settings: AggregateSettings;
  readonly #random: () => number;
  #received = { failures: 0, sample: 0 };
  #malformed = 0;
  #dropped = 0;
  #newest: number | undefined;
  #flows = new Map<string, MutableLatency>();
  #endpoints = new Map<string, MutableSum>();
  #gateways = new Map<string, GatewayFailure>();
  #precious: Waiting[] = [];
  #ordinary: Waiting[] = [];

  constructor(settings: AggregateSettings, random: () => number = Math.random) {
    this.#settings = settings;
    this.#random = random;
  }

  set settings(settings: AggregateSettings) {
    this.#settings = settings;
  }

  get settings(): AggregateSettings {
    return this.#settings;
  }

  /** `now` in milliseconds since the epoch. */
  add(entry: HTTPAccessLogEntry, log: AccessLogName, envoy: string, now: number): void {
    const facts = entryFacts(entry);
    this.#received[log]++;
    if (isTwice(facts, log)) return;
    const weight = 1 / Math.max(this.#settings[log] * this.#routeShare(facts, log), 1e-6);
    const end = facts.start + facts.duration;
    const at = Math.abs(now - end) > CLOCK_SLACK ? now : end;
    this.#newest = Math.max(this.#newest ?? 0, at);
    const tunnel = gatewayFailure(entry, facts, at);
    if (tunnel !== undefined) return this.#keepTunnel(tunnel);
    this.#sum(facts, envoy, Math.floor(at / 1000), weight);
    const kept = this.#reason(entry, facts, log);
    if (kept === "sample") this.#keepOrdinary({ entry, facts, envoy, kept, weight });
    else this.#keep(this.#precious, { entry, facts, envoy, kept, weight });
  }

  /** Failures and slow ones come whatever their route wants. */
  #routeShare({ routeKey }: EntryFacts, log: AccessLogName): number {
    const { routeShares } = this.#settings;
    return log === "failures" || routeShares.size === 0 ? 1 : (routeShares.get(routeKey) ?? 1);
  }

  malformed(): void {
    this.#malformed++;
  }

  get isEmpty(): boolean {
    return this.#received.failures + this.#received.sample + this.#malformed === 0;
  }

  /**
   * Everything since the last call, with at most so many rows: of what is failed, slow or pinned, and of the ordinary. The
   * oldest are left out.
   */
  take(limit: RowLimit): Batch {
    const precious = newest(this.#precious, limit.precious);
    const ordinary = newest(this.#ordinary, limit.ordinary);
    const rows = [...precious, ...ordinary];
    this.#dropped += this.#precious.length + this.#ordinary.length - rows.length;
    const batch: Batch = {
      received: this.#received,
      malformed: this.#malformed,
      dropped: this.#dropped,
      newest: this.#newest,
      flows: [...this.#flows.values()],
      endpoints: [...this.#endpoints.values()],
      gateways: [...this.#gateways.values()],
      rows: rows.map(({ entry, facts, envoy, kept, weight }) =>
        rawRow(entry, facts, { envoy, kept, weight, keepQueryValues: this.#settings.keepQueryValues }),
      ),
    };
    this.#received = { failures: 0, sample: 0 };
    this.#malformed = 0;
    this.#dropped = 0;
    this.#newest = undefined;
    this.#flows = new Map();
    this.#endpoints = new Map();
    this.#gateways = new Map();
    this.#precious = [];
    this.#ordinary = [];
    return batch;
  }

  #keepTunnel(failure: GatewayFailure): void {
    const key = `${failure.backend} ${failure.endpoint}`;
    if (this.#gateways.has(key) || this.#gateways.size < this.#settings.rows) this.#gateways.set(key, failure);
  }

  #keepOrdinary(waiting: Waiting): void {
    const { shown } = this.#settings;
    if (shown < 1 && this.#random() >= shown) return;
    this.#keep(this.#ordinary, { ...waiting, weight: waiting.weight / shown });
  }

  /** The oldest go first. They are cut in lots: moving the list for each one would cost more than all the rest. */
  #keep(list: Waiting[], waiting: Waiting): void {
    list.push(waiting);
    const { rows } = this.#settings;
    if (list.length < rows * 2) return;
    this.#dropped += list.length - rows;
    list.splice(0, list.length - rows);
  }

  #reason(entry: HTTPAccessLogEntry, facts: EntryFacts, log: AccessLogName): KeptBecause {
    const { pins, slowThreshold } = this.#settings;
    if (pins.length > 0 && isPinned(entry, facts, pins)) return "pinned";
    if (isFailure(facts)) return "failure";
    return log === "failures" && facts.duration >= slowThreshold ? "slow" : "sample";
  }

  #sum(facts: EntryFacts, envoy: string, second: number, weight: number): void {
    const { listener, cluster, routeKey, endpoint } = facts;
    const bucket = bucketOf(facts.duration);
    const key = `${second}\n${envoy}\n${listener}\n${cluster}\n${routeKey}`;
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { second, envoy, listener, cluster, routeKey, buckets: new Map(), phases: new Float64Array(PHASE_SUMS) };
      this.#flows.set(key, flow);
    }
    flow.buckets.set(bucket, (flow.buckets.get(bucket) ?? 0) + weight);
    addPhases(flow.phases, facts, weight);
    if (endpoint === undefined || cluster === "") return;
    const endpointKey = `${second}\n${cluster}\n${endpoint}`;
    let sum = this.#endpoints.get(endpointKey);
    if (sum === undefined) {
      sum = { second, cluster, endpoint, buckets: new Map(), failed: 0 };
      this.#endpoints.set(endpointKey, sum);
    }
    sum.buckets.set(bucket, (sum.buckets.get(bucket) ?? 0) + weight);
    // A client that left before the answer (code 0) is not the endpoint's failure.
    if (facts.code >= 500) sum.failed += weight;
  }
}

function newest<T>(list: readonly T[], count: number): readonly T[] {
  return count <= 0 ? [] : list.slice(-count);
}

type MutableLatency = FlowLatency & { readonly buckets: Map<number, number> };
type MutableSum = EndpointSum & { readonly buckets: Map<number, number>; failed: number };

function addPhases(sums: Float64Array, facts: EntryFacts, weight: number): void {
  addPhase(sums, 0, facts.waiting, weight);
  addPhase(sums, 2, facts.connecting, weight);
  addPhase(sums, 4, facts.upstream, weight);
  addPhase(sums, 6, facts.transfer, weight);
}

function addPhase(sums: Float64Array, at: number, duration: number | undefined, weight: number): void {
  if (duration === undefined) return;
  sums[at]! += duration * weight;
  sums[at + 1]! += weight;
}

function isPinned(entry: HTTPAccessLogEntry, { routeKey }: EntryFacts, pins: readonly PinTarget[]): boolean {
  const { host, route } = parseRouteKey(routeKey);
  const client = addressWithoutPort(entry.commonProperties?.downstreamRemoteAddress);
  const requestId = entry.request?.requestId ?? "";
  return pins.some((pin) => matchesPin(pin, { client, host, route, requestId }));
}
