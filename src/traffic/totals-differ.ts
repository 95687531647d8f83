import type { Membership } from "./memberships.ts";
import type { TotalsReport } from "./totals-report.ts";

/** What an Envoy on another machine reported, as far as it differs from what that process reported before. */
export interface EnvoyReport {
  /** Its node id. */
  readonly envoy: string;
  /** When its process began, in seconds since the epoch by its own clock; the same to a second in all its reports. */
  readonly began: number;
  /** Nothing before this is known here: `changed` and `memberships` are all there is. */
  readonly fresh: boolean;
  /** Counters as Envoy has them, not differences. */
  readonly changed: readonly (readonly [name: string, value: number])[];
  readonly gone: readonly string[];
  readonly memberships: readonly Membership[];
  readonly goneClusters: readonly string[];
}

interface Known {
  readonly began: number;
  readonly counters: ReadonlyMap<string, number>;
  readonly memberships: ReadonlyMap<string, Membership>;
}

/** Both clocks are read within one flush, so that the process's beginning may come out a second off. */
const SLACK = 1;

const UPTIME = "server.uptime";
const MEMBERSHIP = /^cluster\.(.+)\.membership_(total|healthy)$/s;

/** Envoys' reports one after the other: finds what differs, so that only that goes to the main thread. */
export class TotalsDiffer {
  readonly #known = new Map<string, Known>();

  /** Throws when the report does not say how old its process is. */
  take(envoy: string, report: TotalsReport): EnvoyReport {
    const uptime = report.values.get(UPTIME);
    if (uptime === undefined || report.time === 0) throw new Error(`the report lacks ${UPTIME} or its time`);
    const began = report.time - uptime;
    const { counters, memberships } = sorted(report.values);
    const last = this.#known.get(envoy);
    const before = last !== undefined && Math.abs(last.began - began) <= SLACK ? last : undefined;
    this.#known.set(envoy, { began: before?.began ?? began, counters, memberships });
    return {
      envoy,
      began: before?.began ?? began,
      fresh: before === undefined,
      changed: [...counters].filter(([name, value]) => before?.counters.get(name) !== value),
      gone: missing(before?.counters, counters),
      memberships: [...memberships.values()].filter((now) => differs(before?.memberships.get(now.cluster), now)),
      goneClusters: missing(before?.memberships, memberships),
    };
  }

  forget(envoy: string): void {
    this.#known.delete(envoy);
  }
}

function sorted(values: ReadonlyMap<string, number>): Pick<Known, "counters" | "memberships"> {
  const counters = new Map<string, number>();
  const memberships = new Map<string, Membership>();
  for (const [name, value] of values) {
    if (name.startsWith("server.")) continue;
    const match = name.startsWith("cluster.") ? MEMBERSHIP.exec(name) : null;
    if (match === null) {
      counters.set(name, value);
      continue;
    }
    const [, cluster = "", what] = match;
    const known = memberships.get(cluster) ?? { cluster, endpoints: 0, healthy: 0 };
    memberships.set(cluster, { ...known, [what === "total" ? "endpoints" : "healthy"]: value });
  }
  return { counters, memberships };
}

function differs(before: Membership | undefined, now: Membership): boolean {
  return before?.endpoints !== now.endpoints || before.healthy !== now.healthy;
}

function missing(before: ReadonlyMap<string, unknown> | undefined, now: ReadonlyMap<string, unknown>): string[] {
  return [...(before?.keys() ?? [])].filter((name) => !now.has(name));
}
