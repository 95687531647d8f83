import { useSignal } from "@preact/signals";
import { compareText } from "#lib/compare.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { RouteTotals } from "#traffic/table-rows.ts";
import { type Focus, isSameFocus } from "../state/address.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { exactOrder, isClearlyBusier, isClearlyGreater, type RowOrder } from "../state/steady-order.ts";
import { formatCount, formatMillis, formatRate, formatShare } from "../words/format.ts";
import { errorTone } from "../words/tones.ts";
import { memo } from "./memo.ts";
import { Empty, Panel } from "./panel.tsx";
import { Sparkline } from "./sparkline.tsx";
import { ViewSwitch } from "./view-switch.tsx";
import { useSteadyOrder } from "./use-steady-order.ts";
import { type Sort, SortHead, WindowedTable } from "./windowed-table.tsx";

const ROW_HEIGHT = 40;

const CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;
type SortColumn = "name" | "rate" | "errors" | "p50" | "p90" | "p99" | (typeof CLASSES)[number];

/** Every route with traffic: one click puts it in focus. */
export function RoutesTable({ state }: { readonly state: ConsoleState }) {
  const sort = useSignal<Sort<SortColumn>>({ column: "rate", descending: true });
  const picture = state.overview.value;
  const { rows, handlers } = useSteadyOrder(picture?.routes ?? [], picture?.time ?? 0, orderOf(sort.value), sort.value);
  const hidden = picture?.hidden.routes ?? 0;
  const failing = rows.filter(({ rates }) => errorTone(rates.errorRatio) === "bad").length;
  const head = (column: SortColumn, words: string, title?: string) => (
    <SortHead
      column={column}
      sort={sort.value}
      onSort={(next) => (sort.value = next)}
      isText={column === "name"}
      class={column === "name" ? "wide" : column.endsWith("xx") ? "figure small" : "figure"}
      {...(title === undefined ? {} : { title })}
    >
      {words}
    </SortHead>
  );
  return (
    <Panel
      name="Routes"
      class="routes-panel"
      tools={<ViewSwitch state={state} />}
      note={
        picture !== undefined && (
          <>
            {hidden > 0 ? `${rows.length} of ${rows.length + hidden}, the busiest: filter to see others` : rows.length}
            {failing > 0 && (
              <>
                {", "}
                <button
                  type="button"
                  class="link tone-bad failing"
                  title="Failures of the last 10 seconds: show these routes first"
                  onClick={() => (sort.value = { column: "errors", descending: true })}
                >
                  {failing} {failing === 1 ? "fails" : "fail"}
                </button>
              </>
            )}
          </>
        )
      }
    >
      <WindowedTable
        label="Routes"
        rows={rows}
        rowHeight={ROW_HEIGHT}
        busy={handlers}
        head={
          <tr>
            {head("name", "Host, route and its object")}
            {head("rate", "Req/s")}
            <th scope="col" class="spark">
              <span class="visually-hidden">Last minute</span>
            </th>
            {CLASSES.map((codeClass) => head(codeClass, codeClass, "Answers since the start"))}
            {head("errors", "Errors", "Failures of the last 10 seconds")}
            {head("p50", "p50")}
            {head("p90", "p90")}
            {head("p99", "p99")}
          </tr>
        }
        render={(row, place) => (
          <RouteRow
            key={row.key}
            place={place}
            row={row}
            rates={picture?.routeRates.get(row.key)}
            isFocus={isSameFocus(focusOf(row), state.place.value.focus)}
            onFocus={state.toggleRoute}
          />
        )}
        empty={<NoRoutes state={state} isLoading={picture === undefined} />}
      />
    </Panel>
  );
}

interface RouteRowProps {
  readonly place: number;
  readonly row: RouteTotals;
  readonly rates: readonly number[] | undefined;
  readonly isFocus: boolean;
  readonly onFocus: (row: RouteTotals) => void;
}

const RouteRow = memo(({ place, row, rates = [], isFocus, onFocus }: RouteRowProps) => {
  const { host, route, owner, rates: window, counts, listener } = row;
  const { latency } = window;
  const made = owner === undefined ? "the appliance's own" : `${owner.kind} ${owner.namespace}/${owner.name}`;
  const words = `${made} · ${listener}`;
  return (
    <tr class={isFocus ? "is-focus" : ""} aria-rowindex={place} onClick={() => onFocus(row)}>
      <th scope="row" class="wide" title={`${host} ${route}\n${words}`}>
        <button type="button" class="row-button" aria-pressed={isFocus}>
          <b class="route-host" style={{ "--after": route.length + 1 }}>
            {host === "" ? "no host" : host}
          </b>{" "}
          <span class="route-name">{route === "" ? "no route took it" : route}</span>
        </button>
        <span class="sub">{words}</span>
      </th>
      <td class="figure">{formatRate(window.perSecond)}</td>
      <td class="spark">
        <Sparkline values={rates} width={64} height={22} capacity={60} />
      </td>
      {CLASSES.map((codeClass) => {
        const count = counts.classes[codeClass] ?? 0;
        const tone = count === 0 ? "none" : codeClass === "5xx" ? "bad" : codeClass === "4xx" ? "warn" : "plain";
        return (
          <td key={codeClass} class={`figure small tone-${tone}`}>
            {formatCount(count)}
          </td>
        );
      })}
      <td class={`figure tone-${errorTone(window.errorRatio)}`}>{formatShare(window.errorRatio)}</td>
      <td class="figure">{formatMillis(latency?.p50)}</td>
      <td class="figure">{formatMillis(latency?.p90)}</td>
      <td class="figure">{formatMillis(latency?.p99)}</td>
    </tr>
  );
});

export function focusOf({ host, route }: RouteTotals): Focus {
  return { type: "route", host, route };
}

function orderOf({ column, descending }: Sort<SortColumn>): RowOrder<RouteTotals> {
  if (column === "name") return exactOrder((a, b) => (descending ? byName(b, a) : byName(a, b)));
  const sign = descending ? -1 : 1;
  const compare = (a: RouteTotals, b: RouteTotals) =>
    sign * (valueOf(a, column) - valueOf(b, column)) || b.rates.perSecond - a.rates.perSecond || byName(a, b);
  if (isCount(column)) return exactOrder(compare);
  const isClearly = (a: RouteTotals, b: RouteTotals) =>
    column === "rate"
      ? isClearlyBusier(a.rates.perSecond, b.rates.perSecond, a.rates.seconds)
      : isClearlyGreater(valueOf(a, column), valueOf(b, column));
  return { compare, overtakes: (row, other) => (descending ? isClearly(row, other) : isClearly(other, row)) };
}

function isCount(column: SortColumn): column is (typeof CLASSES)[number] {
  return CLASSES.some((codeClass) => codeClass === column);
}

function byName(a: RouteTotals, b: RouteTotals): number {
  return compareText(nameOf(a), nameOf(b));
}

function nameOf({ host, route, listener }: RouteTotals): string {
  return `${host} ${route} ${listener}`;
}

function valueOf({ rates, counts }: RouteTotals, column: Exclude<SortColumn, "name">): number {
  switch (column) {
    case "rate":
      return rates.perSecond;
    case "errors":
      return rates.errorRatio;
    case "p50":
    case "p90":
    case "p99":
      return rates.latency?.[column] ?? -1;
    case "2xx":
    case "3xx":
    case "4xx":
    case "5xx":
      return counts.classes[column] ?? 0;
    default:
      return unreachable(column);
  }
}

function NoRoutes({ state, isLoading }: { readonly state: ConsoleState; readonly isLoading: boolean }) {
  if (isLoading) return <Empty title="Waiting for the first picture">The live feed is being opened.</Empty>;
  if (Object.keys(state.place.value.filter).length > 0) {
    return <Empty title="No route passes the filter">Take a part of the filter away, or press Esc to drop it.</Empty>;
  }
  return (
    <Empty title="No traffic yet">
      Routes appear with their first request. An Ingress, for instance, names a host: ask for that through the
      appliance.
      <code>binnacle explain HOST</code> says which object takes a request.
    </Empty>
  );
}
