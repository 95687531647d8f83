import type { Flow, FlowTable } from "./flows.ts";
import { parseRequestCounter } from "./request-counter.ts";
import { parseStreamCounter, type StreamCounter } from "./stream-counter.ts";
import type { StreamDelta } from "./streams.ts";

/** What an Envoy's counters say that differs from what they said before. */
export interface CounterReading {
  /** Envoy's node id. */
  readonly envoy: string;
  /** Names the process where several may call themselves the same; else the node id does. */
  readonly source?: string;
  /** Values as Envoy has them, not differences. */
  readonly changed: readonly (readonly [name: string, value: number])[];
  /** Counters that Envoy no longer has: should one come back, it begins at 0. */
  readonly gone: readonly string[];
  /** This Envoy is another process than at its reading before: all its counters began at 0. */
  readonly restarted: boolean;
  /** This source follows another of the same Envoy: what it counted until its first reading happened since that one's last. */
  readonly follows?: boolean;
}

/** Requests that happened between two readings. */
export interface CountDelta {
  readonly flow: Flow;
  readonly code: number;
  readonly flags: readonly string[];
  readonly requests: number;
}

export interface LedgerEntry {
  readonly deltas: readonly CountDelta[];
  /** What TCP and UDP listeners forwarded. */
  readonly streams: readonly StreamDelta[];
  /** Log entries that Envoy let go because its buffer was full. */
  readonly entriesDropped: number;
  /** The first of this Envoy: its requests may be hours old, so they belong to the totals and to no second. */
  readonly first: boolean;
}

type Counter =
  | { last: number; readonly flow: Flow; readonly code: number; readonly flags: readonly string[] }
  | { last: number; readonly stream: StreamCounter }
  | { last: number; readonly dropped: true };

/** What {@link CounterLedger} reads beside the request counters. */
const ENTRIES_DROPPED = "access_logs.grpc_access_log.logs_dropped";

/**
 * Envoys' counters as requests that happened: each counted once, also over Envoy's restarts and over counters that Envoy
 * lets go. A value below its last one means that the counter began again. What an Envoy counted after its last reading is
 * lost when it ends: the requests of a second or so.
 */
export class CounterLedger {
  readonly #flows: FlowTable;
  readonly #sources = new Map<string, Map<string, Counter>>();

  constructor(flows: FlowTable) {
    this.#flows = flows;
  }

  apply(reading: CounterReading): LedgerEntry {
    const source = reading.source ?? reading.envoy;
    const known = this.#sources.get(source);
    const counters = known ?? new Map<string, Counter>();
    if (known === undefined) this.#sources.set(source, counters);
    if (reading.restarted) for (const counter of counters.values()) counter.last = 0;
    for (const name of reading.gone) {
      const counter = counters.get(name);
      if (counter !== undefined && "flow" in counter) this.#flows.uncount(counter.flow);
      counters.delete(name);
    }
    const deltas: CountDelta[] = [];
    const streams: StreamDelta[] = [];
    let entriesDropped = 0;
    for (const [name, value] of reading.changed) {
      const counter = counters.get(name) ?? this.#add(counters, reading.envoy, name);
      if (counter === undefined) continue;
      const requests = value >= counter.last ? value - counter.last : value;
      counter.last = value;
      if (requests === 0) continue;
      if ("dropped" in counter) entriesDropped += requests;
      else if ("stream" in counter) streams.push({ ...counter.stream, gained: requests });
      else deltas.push({ flow: counter.flow, code: counter.code, flags: counter.flags, requests });
    }
    return { deltas, streams, entriesDropped, first: known === undefined && reading.follows !== true };
  }

  /** Forgets a source that will not come back; what it counted stays counted. */
  forget(source: string): void {
    const counters = this.#sources.get(source);
    this.#sources.delete(source);
    for (const counter of counters?.values() ?? []) if ("flow" in counter) this.#flows.uncount(counter.flow);
  }

  #add(counters: Map<string, Counter>, envoy: string, name: string): Counter | undefined {
    const counter = this.#counter(envoy, name);
    if (counter === undefined) return undefined;
    counters.set(name, counter);
    if ("flow" in counter) this.#flows.count(counter.flow);
    return counter;
  }

  #counter(envoy: string, name: string): Counter | undefined {
    if (name === ENTRIES_DROPPED) return { last: 0, dropped: true };
    const parsed = parseRequestCounter(name);
    if (parsed === undefined) {
      const stream = parseStreamCounter(name);
      return stream === undefined ? undefined : { last: 0, stream };
    }
    const flow = this.#flows.flow(envoy, parsed.listener, parsed.routeKey, parsed.cluster);
    return { last: 0, flow, code: parsed.code, flags: parsed.flags };
  }
}
