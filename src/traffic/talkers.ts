import { compareText } from "#lib/compare.ts";
import { busiest } from "./busiest.ts";
import { isFailedCode } from "./code-class.ts";
import type { RequestRow, Talker, Talkers } from "./request-shown.ts";

/** Rows that are looked at: the estimate does not get better by more. */
const MOST_ROWS = 3000;
const SHOWN = 10;
/** Milliseconds. */
const WINDOW = 60_000;

/** Who and what makes most of the traffic of the last minute; `newest` gives rows newest first. */
export function topTalkers(newest: Iterable<RequestRow>, passes: (row: RequestRow) => boolean, now: number): Talkers {
  const sums = { clients: new Sums(), paths: new Sums(), agents: new Sums(), routes: new Sums() };
  let [looked, oldest] = [0, now];
  for (const row of newest) {
    if (row.time < now - WINDOW || looked === MOST_ROWS) break;
    looked++;
    oldest = Math.min(oldest, row.time);
    if (!passes(row)) continue;
    sums.clients.add(row.client, row);
    sums.paths.add(`${row.authority}${withoutQuery(row.path)}`, row);
    sums.agents.add(row.userAgent, row);
    if (row.route !== "") sums.routes.add(`${row.host} ${row.route}`, row);
  }
  const seconds = Math.max(1, (now - oldest) / 1000);
  return {
    clients: sums.clients.top(seconds),
    paths: sums.paths.top(seconds),
    agents: sums.agents.top(seconds),
    routes: sums.routes.top(seconds),
  };
}

interface Sum {
  readonly value: string;
  weight: number;
  errors: number;
}

class Sums {
  readonly #sums = new Map<string, Sum>();

  add(value: string, { weight, code }: RequestRow): void {
    if (value === "") return;
    let sum = this.#sums.get(value);
    if (sum === undefined) this.#sums.set(value, (sum = { value, weight: 0, errors: 0 }));
    sum.weight += weight;
    if (isFailedCode(code)) sum.errors += weight;
  }

  top(seconds: number): readonly Talker[] {
    return busiest(this.#sums.values(), SHOWN, heavier).map(({ value, weight, errors }) => ({
      value,
      perSecond: Math.round((weight / seconds) * 100) / 100,
      errorRatio: Math.round((errors / weight) * 1000) / 1000,
    }));
  }
}

function heavier(a: Sum, b: Sum): number {
  return b.weight - a.weight || compareText(a.value, b.value);
}

function withoutQuery(path: string): string {
  const at = path.indexOf("?");
  return at === -1 ? path : path.slice(0, at);
}
