import { useMemo } from "preact/hooks";
import type { Column } from "#traffic/table-rows.ts";
import { type ConsoleState, isServedByNone } from "../state/console-state.ts";
import { earlierErrors, earlierRequests } from "../words/earlier.ts";
import { formatCount, formatMillis, formatRate, formatShare } from "../words/format.ts";
import type { Tone } from "../words/health-words.ts";
import { errorTone } from "../words/tones.ts";
import { Sparkline } from "./sparkline.tsx";

/** Columns that one point of a tile's line stands for: 15 minutes in 90 points. */
const PER_POINT = 10;
const POINTS = 90;
/** A line that has just begun does not fill the whole width. */
const LEAST_POINTS = 18;

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: Tone;
  readonly values: readonly number[];
}

/** The four figures that tell whether all is well, each with its last quarter of an hour. */
export function TotalsStrip({ state }: { readonly state: ConsoleState }) {
  const picture = state.picture.value;
  const rates = picture?.totals.rates;
  const second = Math.floor((picture?.time ?? 0) / 1000);
  const lines = useMemo(() => linesOf(picture?.columns ?? []), [second, picture?.filter]);
  const since = picture === undefined ? "" : `${formatCount(picture.totals.counts.requests)} since the start`;
  // What Prometheus keeps is of everything: with a filter there is nothing to compare with.
  const earlier = Object.keys(state.filter.value).length === 0 ? state.earlier.rates.value : [];
  const isServed = !isServedByNone(picture);
  const failed =
    picture === undefined
      ? 0
      : (picture.totals.counts.classes["5xx"] ?? 0) + (picture.totals.counts.classes["0xx"] ?? 0);
  return (
    <section class="totals" aria-label="Totals">
      <Tile
        name="Requests"
        value={rates === undefined ? "–" : `${formatRate(rates.perSecond)}/s`}
        note={isServed ? earlierRequests(earlier) || since : `no Envoy answers; ${since}`}
        {...(isServed ? {} : { tone: "bad" as const })}
        values={lines.requests}
      />
      <Tile
        name="Errors"
        value={rates === undefined ? "–" : formatShare(rates.errorRatio)}
        note={
          earlierErrors(earlier) ||
          (rates === undefined ? "" : `${formatRate(rates.errorsPerSecond)}/s, ${formatCount(failed)} since the start`)
        }
        tone={rates === undefined ? "idle" : errorTone(rates.errorRatio)}
        values={lines.errors}
      />
      <Tile
        name="Latency p50"
        value={formatMillis(rates?.latency?.p50)}
        note={`p90 ${formatMillis(rates?.latency?.p90)}`}
        values={lines.p50}
      />
      <Tile
        name="Latency p99"
        value={formatMillis(rates?.latency?.p99)}
        note="from the requests shown"
        values={lines.p99}
      />
    </section>
  );
}

function Tile({ name, value, note, tone = "idle", values }: TileProps) {
  return (
    <div class={`tile tone-${tone}`}>
      <h2>{name}</h2>
      <p class="tile-value">{value}</p>
      <p class="tile-note" title={note}>
        {note}
      </p>
      <Sparkline
        values={values}
        width={180}
        height={36}
        capacity={Math.max(LEAST_POINTS, values.length)}
        class="tile-line"
      />
    </div>
  );
}

function linesOf(
  columns: readonly Column[],
): Readonly<Record<"requests" | "errors" | "p50" | "p99", readonly number[]>> {
  const groups = grouped(columns);
  const mean = (value: (column: Column) => number | undefined): number[] => groups.map((group) => meanOf(group, value));
  return {
    requests: mean(({ requests }) => requests),
    errors: mean(({ requests, errors }) => (requests === 0 ? 0 : errors / requests)),
    p50: mean(({ quantiles }) => quantiles?.p50),
    p99: mean(({ quantiles }) => quantiles?.p99),
  };
}

/** Whole groups only, on fixed borders, so that points do not change once they are drawn. */
function grouped(columns: readonly Column[]): Column[][] {
  const groups = Map.groupBy(columns, ({ time }) => Math.floor(time / 1000 / PER_POINT));
  return [...groups.values()].slice(0, -1).slice(-POINTS);
}

function meanOf(columns: readonly Column[], value: (column: Column) => number | undefined): number {
  const values = columns.flatMap((column) => value(column) ?? []);
  return values.length === 0 ? 0 : values.reduce((sum, one) => sum + one, 0) / values.length;
}
