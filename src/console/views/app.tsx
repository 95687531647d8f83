import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { PhonePanel } from "../state/address.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { listenToKeys } from "../state/keyboard.ts";
import { leftViews } from "../state/left-views.ts";
import { shortcuts } from "../state/shortcuts.ts";
import { Attention } from "./attention.tsx";
import { BackendsPanel } from "./backends-panel.tsx";
import { ConnectionNotice, isLost } from "./connection-notice.tsx";
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

const PHONE_PANELS: readonly { readonly value: PhonePanel; readonly label: string }[] = [
  { value: "requests", label: "Requests" },
  { value: "routes", label: "Routes" },
  { value: "upstreams", label: "Upstreams" },
  { value: "flow", label: "Flow" },
  { value: "talkers", label: "Talkers" },
  { value: "backends", label: "Backends" },
  { value: "charts", label: "Charts" },
];

/** The whole page: on a wide screen everything at once, on a phone one table at a time. */
export function App({ state }: { readonly state: ConsoleState }) {
  const filterBox = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const phonePanel = useSignal<PhonePanel>("requests");
  const keys = shortcuts(state, {
    focusFilter: () => filterBox.current?.focus(),
    showHelp: () => help.current?.showModal(),
  });
  useEffect(() => listenToKeys(keys), [state]);
  const { left } = state.place.value;
  return (
    <div class="app" data-panel={phonePanel.value} data-left={left} data-old={isLost(state.feed.value)}>
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
          choices={PHONE_PANELS.filter(({ value }) => value !== "backends" || leftViews(state).includes(value))}
          chosen={phonePanel.value}
          onChoose={(panel) => (phonePanel.value = panel)}
        />
      </nav>
      <main class="workspace">
        <div class="column column-left">
          <RoutesTable state={state} />
          <UpstreamsTable state={state} />
          <StreamsTable state={state} />
          <Flow state={state} />
          <Talkers state={state} />
          {(left === "backends" || phonePanel.value === "backends") && <BackendsPanel state={state} />}
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
