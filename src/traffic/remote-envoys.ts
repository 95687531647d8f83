import type { CounterReading } from "./counter-ledger.ts";
import type { MembershipReading } from "./memberships.ts";
import type { Marker } from "./messages.ts";
import type { EnvoyReport } from "./totals-differ.ts";

export interface RemoteEnvoysOptions {
  /** `from`, `to`: milliseconds since the epoch, by our clock; the report before, and this one. */
  onCounters(reading: CounterReading, from: number, to: number): void;
  onMemberships(reading: MembershipReading): void;
  /** Nothing is heard of it: its word on endpoints holds no longer, and its next report has to be whole. */
  onSilent(envoy: string): void;
  /** This process is not waited for: it is silent, or another has come in its place. */
  onLost(source: string): void;
  /** What this process counted is counted for good: it will not be heard of again. */
  onEnded(source: string): void;
  /** Whether an Envoy that is read here has this node id. */
  isLocal(envoy: string): boolean;
  say(severity: Marker["severity"], text: string): void;
}

/** One process that calls itself by an Envoy's node id. */
interface Process {
  readonly source: string;
  readonly began: number;
  heardAt: number;
}

interface RemoteEnvoy {
  /** Oldest first; the last one runs. */
  readonly processes: Process[];
  peer: string;
  reachable: boolean;
  /** Milliseconds between its last two reports. */
  interval: number;
  complained: boolean;
}

/** Milliseconds without a report (one comes every five seconds) after which an Envoy counts as silent. */
const SILENT_AFTER = 20_000;
/** Milliseconds of silence after which it is no longer listed. What it counted stays counted, also if it comes back. */
const UNLISTED_AFTER = 3_600_000;
/** Seconds that one process's beginning may come out different. */
const SLACK = 1;
/** Processes of one node id whose counters are remembered: who comes back from further ago would be counted twice. */
const REMEMBERED = 8;
const MOST_ENDED = 1000;

/**
 * Envoys on other machines, by what they report. A report is absolute, so one that is lost or comes again changes nothing;
 * a process is known by its node id and the second in which it began, so a restart begins a new count beside the old one,
 * and two Envoys that were given the same node id are counted both, and complained of.
 */
export class RemoteEnvoys {
  readonly #options: RemoteEnvoysOptions;
  readonly #envoys = new Map<string, RemoteEnvoy>();
  /** Sources that are counted for good. */
  readonly #ended = new Set<string>();

  constructor(options: RemoteEnvoysOptions) {
    this.#options = options;
  }

  /** `now` in milliseconds since the epoch. */
  take(report: EnvoyReport, peer: string, now: number): void {
    const { envoy: id, changed, gone, memberships, goneClusters, fresh } = report;
    const envoy = this.#envoys.get(id) ?? this.#add(id, peer);
    const before = envoy.processes.at(-1);
    const known = envoy.processes.find(({ began }) => Math.abs(began - report.began) <= SLACK);
    const process = known ?? this.#begin(id, envoy, report.began, now);
    if (process === undefined) return;
    if (known !== undefined && known !== before) this.#complain(envoy, `Two Envoys call themselves ${id}`, peer);
    envoy.peer = peer;
    const from = known?.heardAt ?? before?.heardAt ?? now;
    if (known !== undefined) envoy.interval = now - known.heardAt;
    process.heardAt = now;
    this.#setReachable(id, envoy);
    const follows = before !== undefined;
    this.#options.onCounters(
      { envoy: id, source: process.source, changed, gone, restarted: false, follows },
      from,
      now,
    );
    this.#options.onMemberships({ envoy: id, changed: memberships, gone: goneClusters, fresh });
  }

  /** Notices who is silent. */
  tick(now: number): void {
    for (const [id, envoy] of this.#envoys) {
      if (!envoy.reachable || now - heardAt(envoy) <= SILENT_AFTER) continue;
      envoy.reachable = false;
      for (const { source } of envoy.processes) this.#options.onLost(source);
      this.#options.onSilent(id);
      this.#options.say("error", `Envoy ${id} is silent: no totals from ${envoy.peer} for ${SILENT_AFTER / 1000} s`);
    }
  }

  /** In the order in which they were first heard of; intervals between reports in milliseconds, to the second. */
  list(now: number): readonly { id: string; reachable: boolean; interval: number }[] {
    return [...this.#envoys].flatMap(([id, envoy]) =>
      now - heardAt(envoy) > UNLISTED_AFTER
        ? []
        : [{ id, reachable: envoy.reachable, interval: Math.round(envoy.interval / 1000) * 1000 }],
    );
  }

  #add(id: string, peer: string): RemoteEnvoy {
    const envoy: RemoteEnvoy = { processes: [], peer, reachable: true, interval: 0, complained: false };
    this.#envoys.set(id, envoy);
    if (this.#options.isLocal(id)) this.#complain(envoy, `An Envoy calls itself ${id} as the one here does`, peer);
    return envoy;
  }

  /** Undefined for a process that was taken for ended. */
  #begin(id: string, envoy: RemoteEnvoy, began: number, now: number): Process | undefined {
    for (const second of [began, began - SLACK, began + SLACK])
      if (this.#ended.has(sourceOf(id, second))) return undefined;
    const before = envoy.processes.at(-1);
    if (before !== undefined) {
      this.#options.onLost(before.source);
      this.#options.say("warning", `Envoy ${id} was restarted`);
    }
    const process = { source: sourceOf(id, began), began, heardAt: now };
    envoy.processes.push(process);
    if (envoy.processes.length > REMEMBERED) this.#end(envoy.processes.shift());
    return process;
  }

  #end(process: Process | undefined): void {
    if (process === undefined) return;
    this.#ended.add(process.source);
    for (const source of this.#ended) {
      if (this.#ended.size <= MOST_ENDED) break;
      this.#ended.delete(source);
    }
    this.#options.onEnded(process.source);
  }

  #setReachable(id: string, envoy: RemoteEnvoy): void {
    if (!envoy.reachable) this.#options.say("info", `Envoy ${id} is heard of again`);
    envoy.reachable = true;
  }

  #complain(envoy: RemoteEnvoy, what: string, peer: string): void {
    if (envoy.complained) return;
    envoy.complained = true;
    this.#options.say("error", `${what} (${peer}): start each with a node id of its own`);
  }
}

function heardAt({ processes }: RemoteEnvoy): number {
  return Math.max(0, ...processes.map((process) => process.heardAt));
}

function sourceOf(id: string, began: number): string {
  return `${id} since ${began}`;
}
