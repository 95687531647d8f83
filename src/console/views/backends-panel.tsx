import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { BackendAnswer, BackendsAnswer, ReplicationAnswer } from "#api/answers.ts";
import type { Polled } from "../feed/poll.ts";
import type { ConsoleState } from "../state/console-state.ts";
import {
  type BackendRow,
  backendRows,
  backendStateWords,
  backendTone,
  ofWords,
  oldWords,
} from "../words/backend-rows.ts";
import { formatAge } from "../words/format.ts";
import { Dot } from "./dot.tsx";
import { Empty, Panel } from "./panel.tsx";
import { ReleaseDialog } from "./release-dialog.tsx";
import { ViewSwitch } from "./view-switch.tsx";
import { WindowedTable } from "./windowed-table.tsx";

const ROW_HEIGHT = 40;
/** All, and those that a narrow screen has room for: the stylesheet hides the others at the same width. */
const COLUMNS = { wide: 7, narrow: 4 };
const NARROW = "(max-width: 560px)";

/** The platforms on which upstreams are found: how each is, how much of it is here, and what waits for somebody. */
export function BackendsPanel({ state }: { readonly state: ConsoleState }) {
  const chosen = useSignal<ReadonlyMap<string, boolean>>(new Map());
  const releasing = useSignal<BackendAnswer | undefined>(undefined);
  const dialog = useRef<HTMLDialogElement>(null);
  const first = useRef<ReadonlySet<string>>(undefined);
  const { answer, error } = state.backends.list.value;
  const now = state.now.value;
  const backends = answer?.backends ?? [];
  // Decided at the first answer, as in the table of upstreams: nothing opens by itself later.
  if (answer !== undefined) first.current ??= new Set(backends.filter(wantsSomebody).map(({ name }) => name));
  const isOpen = ({ name }: BackendAnswer): boolean => chosen.value.get(name) ?? first.current?.has(name) === true;
  const open = backends.filter(isOpen).map(({ name }) => name);

  useEffect(() => {
    const following = state.backends.follow();
    return () => following[Symbol.dispose]();
  }, [state]);
  useEffect(() => state.backends.open(open), [open.join()]);

  // Looked at with each paint, of which there is one a second at least.
  const columns = matchMedia(NARROW).matches ? COLUMNS.narrow : COLUMNS.wide;
  const operates = state.appliance.status.value.answer?.principal.operates;
  const wanting = backends.filter(wantsSomebody).length;
  return (
    <Panel
      name="Backends"
      class={`backends-panel ${error === undefined ? "" : "is-old"}`}
      tools={<ViewSwitch state={state} />}
      note={
        oldWords(state.backends.list.value, now) ||
        (answer === undefined
          ? ""
          : `${backends.length}${wanting > 0 ? `, ${wanting} want${wanting === 1 ? "s" : ""} somebody` : ""}`)
      }
    >
      <WindowedTable
        label="Backends"
        rows={backendRows(backends, state.backends.details.value, isOpen, now)}
        rowHeight={ROW_HEIGHT}
        head={<Head />}
        render={(row, place) => (
          <Row
            key={row.key}
            place={place}
            row={row}
            now={now}
            columns={columns}
            onToggle={(backend) => (chosen.value = new Map([...chosen.value, [backend.name, !isOpen(backend)]]))}
            onRelease={
              operates === "all"
                ? (name) => {
                    releasing.value = backends.find((one) => one.name === name);
                    dialog.current?.showModal();
                  }
                : undefined
            }
          />
        )}
        empty={
          <Empty title={emptyTitle(state.backends.list.value)}>
            Upstreams on other platforms are found by <code>backends</code> in binnacle.yaml.
          </Empty>
        }
      />
      <ReleaseDialog dialog={dialog} backend={releasing.value} onRelease={(name) => state.backends.confirm(name)} />
    </Panel>
  );
}

function emptyTitle({ answer, error }: Polled<BackendsAnswer>): string {
  if (error !== undefined) return "The backends are not known";
  return answer === undefined ? "Asking for the backends" : "No backend is configured";
}

function wantsSomebody(backend: BackendAnswer): boolean {
  const tone = backendTone(backend);
  return tone === "bad" || tone === "warn";
}

function Head() {
  return (
    <tr>
      <th scope="col" class="wide" title="Backend, team">
        Backend, team
      </th>
      <th scope="col" class="backend-state">
        State
      </th>
      <th scope="col" class="figure" title="Here, and upstream where that is another number">
        Services
      </th>
      <th
        scope="col"
        class="figure"
        title="Addresses times ports, ready or not: here, and upstream where that is another number"
      >
        Endpoints
      </th>
      <th scope="col" class="figure" title="How long the oldest change waits to be written into the home">
        Lag
      </th>
      <th scope="col" class="figure" title="Went all at once, and stay until somebody lets them go">
        Held
      </th>
      <th scope="col" class="figure" title="Exist upstream, and something here keeps them away">
        Away
      </th>
    </tr>
  );
}

interface RowProps {
  readonly place: number;
  readonly row: BackendRow;
  readonly now: number;
  readonly columns: number;
  readonly onToggle: (backend: BackendAnswer) => void;
  /** Undefined: the reader may not. */
  readonly onRelease: ((backend: string) => void) | undefined;
}

function Row({ place, row, now, columns, onToggle, onRelease }: RowProps) {
  switch (row.type) {
    case "backend":
      return <BackendLine place={place} backend={row.backend} isOpen={row.isOpen} now={now} onToggle={onToggle} />;
    case "team":
      return (
        <tr class={`team ${row.isOld ? "is-old" : ""}`} aria-rowindex={place}>
          <th scope="row" class="wide">
            {row.team.namespace}
          </th>
          <td class="backend-state" />
          <Counts of={row.team} lag="" />
        </tr>
      );
    case "note":
      return (
        <tr class="note" aria-rowindex={place}>
          <td colSpan={columns}>
            <div class="note-line">
              <Dot tone={row.tone} />
              <span class="note-words" title={row.words}>
                {row.words}
                {row.fix !== undefined && (
                  <span class="sub" title={row.fix}>
                    {row.fix}
                  </span>
                )}
              </span>
              {row.releases !== undefined && onRelease !== undefined && (
                <button type="button" class="button small" onClick={() => onRelease(row.releases ?? "")}>
                  Let them go…
                </button>
              )}
            </div>
          </td>
        </tr>
      );
  }
}

interface BackendLineProps {
  readonly place: number;
  readonly backend: BackendAnswer;
  readonly isOpen: boolean;
  readonly now: number;
  readonly onToggle: (backend: BackendAnswer) => void;
}

function BackendLine({ place, backend, isOpen, now, onToggle }: BackendLineProps) {
  const { name, platform, waitingSince } = backend;
  const tone = backendTone(backend);
  return (
    <tr aria-rowindex={place} onClick={() => onToggle(backend)}>
      <th scope="row" class="wide">
        <span class="upstream-name">
          <button type="button" class="caret" aria-expanded={isOpen} aria-label={`more about ${name}`}>
            {isOpen ? "▾" : "▸"}
          </button>
          <b class="backend-name" title={name}>
            {name}
          </b>
          <span class="platform">{platform}</span>
        </span>
      </th>
      <td class={`backend-state tone-${tone}`} title={backendStateWords(backend, now)}>
        <Dot tone={tone} />
        {backendStateWords(backend, now)}
      </td>
      <Counts of={backend} lag={waitingSince === undefined ? "–" : formatAge(now - waitingSince)} />
    </tr>
  );
}

function Counts({ of, lag }: { readonly of: ReplicationAnswer; readonly lag: string }) {
  const { services, endpoints, heldServices, unplacedServices } = of;
  const part = (isWhole: boolean): string => (isWhole ? "plain" : "warn");
  const some = (count: number): string => (count === 0 ? "good" : "warn");
  return (
    <>
      <td class={`figure tone-${part(services.here === services.upstream)}`}>{ofWords(services)}</td>
      <td class={`figure tone-${part(endpoints.here === endpoints.upstream)}`}>{ofWords(endpoints)}</td>
      <td class="figure">{lag}</td>
      <td class={`figure tone-${some(heldServices)}`}>{heldServices}</td>
      <td class={`figure tone-${some(unplacedServices)}`}>{unplacedServices}</td>
    </>
  );
}
