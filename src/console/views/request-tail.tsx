import { useEffect, useMemo } from "preact/hooks";
import { unreachable } from "#lib/unreachable.ts";
import type { KeptBecause, RequestRow } from "#traffic/request-shown.ts";
import { MOST_ROWS } from "../feed/request-log.ts";
import { rowHeight, rowOffsets, rowsBetween, topOf } from "../feed/row-window.ts";
import { type ConsoleState, isServedByNone } from "../state/console-state.ts";
import { formatClock, formatCount, formatMillis, formatTime } from "../words/format.ts";
import { codeTone } from "../words/tones.ts";
import { Dot } from "./dot.tsx";
import { memo } from "./memo.ts";
import { Empty, Panel } from "./panel.tsx";
import { useScrollView } from "./scroll-view.ts";
import { Tabs } from "./tabs.tsx";

/** Pixels above and below what is in sight. */
const SPARE = 200;

/** Of the list's columns, for those who do not see them. */
const HEADS = ["Time", "Code", "Duration", "Method", "Host and path", "Flags", "Reason"];

type Kept = "all" | "failure" | "slow";
const KEPT: readonly { readonly value: Kept; readonly label: string }[] = [
  { value: "all", label: "All" },
  { value: "failure", label: "Failures" },
  { value: "slow", label: "Slow" },
];

/** Single requests, the newest on top. It stands still while somebody reads: what comes then waits behind a button. */
export function RequestTail({ state }: { readonly state: ConsoleState }) {
  const { rows, gaps, version, waiting } = state.requests.view.value;
  const { box, view } = useScrollView(600, ({ scrollTop, clientHeight, scrollHeight }) => {
    state.scrolledAway(scrollTop > 4);
    if (scrollTop > 0 && scrollTop + clientHeight > scrollHeight - SPARE) askOlder(state);
  });
  const offsets = useMemo(() => rowOffsets(rows, gaps), [version]);
  const selected = state.selected.value;

  // The keyboard may pick a row that is out of sight.
  useEffect(() => {
    const element = box.current;
    const index = selected === undefined ? -1 : rows.findLastIndex(({ id }) => id === selected.id);
    const row = rows[index];
    if (element === null || row === undefined) return;
    const top = topOf(offsets, index);
    if (top < element.scrollTop) element.scrollTop = top;
    const below = top + rowHeight(row, gaps) - element.clientHeight;
    if (below > element.scrollTop) element.scrollTop = below;
  }, [selected]);

  // Nobody can scroll to the end of a list that does not fill its box: what lies before it is asked for at once.
  useEffect(() => {
    const element = box.current;
    if (element !== null && element.clientHeight > 0 && element.scrollHeight <= element.clientHeight) askOlder(state);
  }, [version, view.height, state.requests.older.value, state.feed.value.type]);

  function showNew(): void {
    state.requests.showWaiting();
    box.current?.scrollTo({ top: 0 });
  }

  const { first, end } = rowsBetween(offsets, view.top - SPARE, view.top + view.height + SPARE);
  const shown = rows
    .slice(first, end)
    // The newest stands below the head, which is row 1.
    .map((row, index) => ({ row, top: topOf(offsets, first + index), place: rows.length - first - index + 1 }))
    .toReversed();
  const severalEnvoys = (state.picture.value?.sampling.envoys.length ?? 0) > 1;
  const { filter } = state.place.value;
  const kept: Kept | undefined =
    filter.kept === undefined ? "all" : filter.kept.length === 1 ? (filter.kept[0] as Kept) : undefined;

  return (
    <Panel
      name="Requests"
      class="tail-panel"
      note={state.paused.value ? "paused" : ""}
      tools={
        <Tabs
          label="Which requests"
          choices={KEPT}
          chosen={kept ?? "all"}
          onChoose={(value) => chooseKept(state, value)}
        />
      }
    >
      {state.place.value.at === undefined ? (
        <SamplingLine state={state} />
      ) : (
        <PastLine state={state} at={state.place.value.at} />
      )}
      <div class="tail-frame">
        {waiting > 0 && (
          <button type="button" class="new-rows" onClick={showNew}>
            {formatCount(waiting)} new <span aria-hidden="true">↑</span>
          </button>
        )}
        <div
          class="tail"
          ref={box}
          role="grid"
          aria-label="Requests, the newest first"
          aria-rowcount={rows.length + 1}
          aria-activedescendant={
            shown.some(({ row }) => row.id === selected?.id) ? `request-${selected?.id}` : undefined
          }
          tabIndex={0}
        >
          <div class="visually-hidden" role="row" aria-rowindex={1}>
            {HEADS.map((words) => (
              <span role="columnheader" key={words}>
                {words}
              </span>
            ))}
          </div>
          <div class="tail-rows" style={{ height: `${offsets.height}px` }}>
            {shown.map(({ row, top, place }) => (
              <TailRow
                key={row.id}
                place={place}
                row={row}
                envoy={severalEnvoys ? row.envoy : undefined}
                top={top}
                isSelected={row.id === selected?.id}
                isAfterGap={gaps.has(row.id)}
                onSelect={state.toggleRequest}
              />
            ))}
          </div>
          <div role="row">
            <div role="gridcell">
              {rows.length === 0 ? <NoRequests state={state} /> : <p class="tail-end">{endWords(state)}</p>}
            </div>
          </div>
        </div>
      </div>
    </Panel>
  );
}

/** What is wrong with an answer that came late, or with a request that asked for nothing here, is a warning. */
export function whyTone({ kept, code }: RequestRow): "warn" | "bad" {
  return kept === "slow" || (code >= 100 && code < 500) ? "warn" : "bad";
}

interface TailRowProps {
  readonly place: number;
  readonly row: RequestRow;
  /** Who served it, where several do. */
  readonly envoy: string | undefined;
  readonly top: number;
  readonly isSelected: boolean;
  /** Others may be missing before it. */
  readonly isAfterGap: boolean;
  readonly onSelect: (row: RequestRow) => void;
}

const TailRow = memo(({ place, row, envoy, top, isSelected, isAfterGap, onSelect }: TailRowProps) => {
  const { time, code, duration, method, authority, path, flags, why, kept, attempts } = row;
  return (
    <div
      class={`tail-row ${isSelected ? "is-selected" : ""}`}
      role="row"
      aria-rowindex={place}
      id={`request-${row.id}`}
      aria-selected={isSelected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(row)}
    >
      <div class="tail-line">
        <span role="gridcell" class="tail-time">
          {formatTime(time)}
        </span>
        <span role="gridcell" class={`code tone-${codeTone(code)}`}>
          {code === 0 ? "none" : code}
        </span>
        <span role="gridcell" class={`tail-duration ${kept === "slow" ? "tone-warn" : ""}`}>
          {formatMillis(duration)}
        </span>
        <span role="gridcell" class="tail-method">
          {method}
        </span>
        <span role="gridcell" class="tail-target" title={`${authority}${path}`}>
          <span class="muted tail-host" style={{ "--after": path.length }}>
            {authority}
          </span>
          {path}
        </span>
        <span role="gridcell" class="tail-flags">
          {attempts > 1 && <span title={`${attempts} attempts`}>×{attempts}</span>} {flags.join(" ")}
          {kept === "pinned" && <span title="kept by a pin">pinned</span>}
          {envoy !== undefined && <span class="tail-envoy">{envoy}</span>}
        </span>
      </div>
      {why !== undefined && (
        <div role="gridcell" class={`tail-why tone-${whyTone(row)}`} title={why.summary}>
          <span aria-hidden="true">↳ </span>
          {why.summary}
        </div>
      )}
      {isAfterGap && (
        <div role="gridcell" class="tail-gap">
          not listened: some before this one are missing
        </div>
      )}
    </div>
  );
});

/** What is shown of all requests, and what is not. Its height is always the same. */
function SamplingLine({ state }: { readonly state: ConsoleState }) {
  const picture = state.picture.value;
  if (picture === undefined) return <p class="sampling" />;
  const { sampling, dropped } = picture;
  const lost = sampling.lost.envoy + sampling.lost.receiver;
  const isOld = sampling.receiver === "down" || isServedByNone(picture);
  const notes = [
    isServedByNone(picture) ? "no Envoy answers at the moment" : "",
    dropped.rows > 0 ? `${formatCount(dropped.rows)} left out here: more came than this view takes` : "",
    lost > 0 ? `${formatCount(lost)} lost on the way` : "",
    sampling.receiver === "down" ? "single requests do not arrive at the moment" : "",
  ].filter((note) => note !== "");
  // Where little fits, what is wrong is read.
  const words = [...notes, sampling.words].join("; ");
  return (
    <p class="sampling">
      <Dot tone={isOld ? "bad" : notes.length > 0 ? "warn" : "good"} />
      <span class="sampling-words" title={words}>
        {words}
      </span>
    </p>
  );
}

/** Says that these are not the newest, and leads back to them. */
function PastLine({ state, at }: { readonly state: ConsoleState; readonly at: number }) {
  return (
    <p class="sampling past">
      <span class="sampling-words">What came before {formatClock(at, state.now.value)}</span>
      <button type="button" class="link" onClick={() => state.go({ at: undefined })}>
        Back to live
      </button>
    </p>
  );
}

/** While the connection is lost nobody would answer, and when it is back it would still count as asked. */
function askOlder({ feed, requests }: ConsoleState): void {
  if (feed.value.type === "live") requests.askOlder();
}

/** Below the oldest request. */
function endWords(state: ConsoleState): string {
  if (state.requests.view.value.rows.length >= MOST_ROWS)
    return "as many as this page holds: a filter leads further back";
  switch (state.requests.older.value) {
    case "unknown":
      return state.feed.value.type === "live" ? "scroll on for older ones" : "older ones follow once the feed is back";
    case "asked":
      return "asking for older ones";
    case "nothing":
      return "no older ones are kept";
    default:
      return unreachable(state.requests.older.value);
  }
}

function NoRequests({ state }: { readonly state: ConsoleState }) {
  if (state.picture.value === undefined)
    return <Empty title="Waiting for the first picture">The live feed is being opened.</Empty>;
  if (state.place.value.at !== undefined) {
    return state.requests.older.value === "nothing" ? (
      <Empty title="None is kept of that time">Single requests are kept for some minutes, while there is room.</Empty>
    ) : (
      <Empty title="Asking for the requests of that time">They are read from what is kept.</Empty>
    );
  }
  if (Object.keys(state.filter.value).length > 0) {
    return (
      <Empty title="No request passes the filter">
        New ones appear here at once. Take a part of the filter away to see more.
      </Empty>
    );
  }
  return <Empty title="No requests yet">Each request through the appliance is seen here within a second or two.</Empty>;
}

function chooseKept(state: ConsoleState, value: Kept): void {
  const { kept: _, ...others } = state.place.value.filter;
  const chosen: readonly KeptBecause[] | undefined = value === "all" ? undefined : [value];
  state.go({ filter: chosen === undefined ? others : { ...others, kept: chosen } });
}
