import { useEffect, useRef } from "preact/hooks";
import { PHONE_PANELS, type PhonePanel, shownPanel } from "../state/address.ts";
import { type ConsoleState, isLost } from "../state/console-state.ts";
import { listenToKeys } from "../state/keyboard.ts";
import { leftViews } from "../state/left-views.ts";
import { shortcuts } from "../state/shortcuts.ts";
import { Attention } from "./attention.tsx";
import { BackendsPanel } from "./backends-panel.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { Flow } from "./flow.tsx";
import { Header } from "./header.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { LatencyChart } from "./latency-chart.tsx";
import { RequestDetail } from "./request-detail.tsx";
import { RequestTail } from "./request-tail.tsx";
import { RequestsChart } from "./requests-chart.tsx";
import { RoutesTable } from "./routes-table.tsx";
import { StreamsTable } from "./streams-table.tsx";
import { Talkers } from "./talkers.tsx";
import { Tabs } from "./tabs.tsx";
import { TotalsStrip } from "./totals-strip.tsx";
import { UpstreamsTable } from "./upstreams-table.tsx";

const PANEL_LABELS: Readonly<Record<PhonePanel, string>> = {
  requests: "Requests",
  routes: "Routes",
  upstreams: "Upstreams",
  flow: "Flow",
  talkers: "Talkers",
  backends: "Backends",
  charts: "Charts",
};

/** The whole page: on a wide screen everything at once, on a phone one table at a time. */
export function App({ state }: { readonly state: ConsoleState }) {
  const filterBox = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const keys = shortcuts(state, {
    focusFilter: () => filterBox.current?.focus(),
    showHelp: () => help.current?.showModal(),
  });
  useEffect(() => listenToKeys(keys), [state]);
  const { left } = state.place.value;
  const panel = shownPanel(state.place.value);
  return (
    <div class="app" data-panel={panel} data-left={left} data-old={isLost(state.feed.value)}>
      <Header state={state} onHelp={() => help.current?.showModal()} />
      <ConnectionNotice state={state} />
      <FilterBar state={state} box={filterBox} />
      <TotalsStrip state={state} />
      <div class="overview">
        <RequestsChart state={state} />
        <LatencyChart state={state} />
        <Attention state={state} />
      </div>
      <nav class="phone-tabs" aria-label="Panels">
        <Tabs
          label="Panel"
          choices={PHONE_PANELS.filter((value) => value !== "backends" || leftViews(state).includes(value)).map(
            (value) => ({ value, label: PANEL_LABELS[value] }),
          )}
          chosen={panel}
          onChoose={(value) => state.go({ panel: value })}
        />
      </nav>
      <main class="workspace">
        <div class="column column-left">
          <RoutesTable state={state} />
          <UpstreamsTable state={state} />
          <StreamsTable state={state} />
          <Flow state={state} />
          <Talkers state={state} />
          {(left === "backends" || panel === "backends") && <BackendsPanel state={state} />}
        </div>
        <div class="column column-right">
          <RequestTail state={state} />
          <RequestDetail state={state} />
        </div>
      </main>
      <HelpDialog dialog={help} shortcuts={keys} />
    </div>
  );
}
