import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { AlertAnswer } from "#api/answers.ts";
import type { ObjectSummary } from "#api/ports/objects.ts";
import { formatProblem, type Problem } from "#lib/problem.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatAge, formatClock } from "../words/format.ts";
import type { Tone } from "../words/health-words.ts";
import { maySilence } from "../words/rights.ts";
import { Dot } from "./dot.tsx";
import { Empty, Panel } from "./panel.tsx";
import { SilenceDialog } from "./silence-dialog.tsx";
import { Tabs } from "./tabs.tsx";
import { useBusy } from "./use-busy.ts";

type Tab = "alerts" | "problems" | "events";

/** What wants somebody: alerts, objects with problems, and what happened lately. Its size never changes. */
export function Attention({ state }: { readonly state: ConsoleState }) {
  const chosen = useSignal<Tab | undefined>(undefined);
  const dialog = useRef<HTMLDialogElement>(null);
  const silenced = useSignal<AlertAnswer | undefined>(undefined);
  const { isBusy, handlers } = useBusy();
  const before = useRef<Tab>(undefined);
  const alerts = state.appliance.alerts.value.answer?.alerts ?? [];
  const problems = state.appliance.problems.value.answer?.objects ?? [];
  const sources = state.appliance.status.value.answer?.sources ?? [];
  const unusable = sources.flatMap(({ problems: own = [] }) => own);
  const wrong = problems.length + unusable.length;
  const firing = alerts.filter((alert) => alert.state === "active").length;
  // Until the reader chooses, what is there is shown; not while they are in it, or it would change under their eyes.
  const wanted = alerts.length > 0 || wrong === 0 ? "alerts" : "problems";
  const tab = chosen.value ?? (isBusy() ? (before.current ?? wanted) : wanted);
  before.current = tab;
  const choices = [
    { value: "alerts" as const, label: <Counted words="Alerts" count={firing} tone="bad" /> },
    { value: "problems" as const, label: <Counted words="Problems" count={wrong} tone="warn" /> },
    { value: "events" as const, label: "Events" },
  ];

  function askToSilence(alert: AlertAnswer): void {
    silenced.value = alert;
    dialog.current?.showModal();
  }

  return (
    <Panel
      name="Attention"
      class="attention-panel"
      tools={<Tabs label="Attention" choices={choices} chosen={tab} onChoose={(value) => (chosen.value = value)} />}
    >
      <div class="attention-list" tabIndex={0} role="region" aria-label={tab} {...handlers}>
        {tab === "alerts" && <Alerts state={state} alerts={alerts} onSilence={askToSilence} />}
        {tab === "problems" && <Problems state={state} objects={problems} unusable={unusable} />}
        {tab === "events" && <Events state={state} />}
      </div>
      {/* Not in the list: an alert that resolves must not take the dialog away from under the reader's hands. */}
      <SilenceDialog dialog={dialog} alert={silenced.value} onDone={() => state.appliance.alertsChanged()} />
    </Panel>
  );
}

function Counted({ words, count, tone }: { readonly words: string; readonly count: number; readonly tone: Tone }) {
  return (
    <>
      {words} <span class={`count ${count > 0 ? `tone-${tone}` : ""}`}>{count}</span>
    </>
  );
}

interface AlertsProps {
  readonly state: ConsoleState;
  readonly alerts: readonly AlertAnswer[];
  readonly onSilence: (alert: AlertAnswer) => void;
}

function Alerts({ state, alerts, onSilence }: AlertsProps) {
  const { answer, error } = state.appliance.alerts.value;
  const { links, principal } = state.appliance.status.value.answer ?? {};
  return (
    <>
      {error !== undefined && <Trouble>{error}</Trouble>}
      {answer === undefined && error === undefined && <Empty title="Asking for the alerts">One moment.</Empty>}
      {answer !== undefined && error === undefined && alerts.length === 0 && (
        <Empty title="No alert fires">Prometheus evaluates the rules all the time.</Empty>
      )}
      <ul>
        {alerts.map((alert) => (
          <li key={alert.fingerprint} class="attention-item">
            <p class="attention-title">
              <Dot tone={alert.state !== "active" ? "idle" : alert.severity === "critical" ? "bad" : "warn"} />
              <b>{alert.name}</b>{" "}
              <span class="muted">
                {alert.severity}
                {alert.team === "" ? "" : ` · ${alert.team}`} ·{" "}
                <span class="nowrap">{formatAge(state.now.value - Date.parse(alert.startsAt))}</span>
                {alert.state === "active" ? "" : ` · ${alert.state}`}
              </span>
            </p>
            <p title={alert.description}>{alert.summary}</p>
            <p class="attention-actions">
              {isWebLink(alert.runbook) && (
                <a href={alert.runbook} target="_blank" rel="noreferrer" aria-label={`Runbook of ${alert.name}`}>
                  Runbook
                </a>
              )}
              {maySilence(principal, alert.labels) && (
                <button
                  type="button"
                  class="link"
                  aria-label={`Silence ${alert.name}`}
                  onClick={() => onSilence(alert)}
                >
                  Silence
                </button>
              )}
            </p>
          </li>
        ))}
      </ul>
      {links !== undefined && (links.alertmanager || links.prometheus) && (
        <p class="attention-actions">
          {links.alertmanager && <a href="/alertmanager/">Alertmanager</a>}
          {links.prometheus && <a href="/prometheus/">Prometheus</a>}
        </p>
      )}
    </>
  );
}

interface ProblemsProps {
  readonly state: ConsoleState;
  readonly objects: readonly ObjectSummary[];
  /** Of what nobody can tell which object it is. */
  readonly unusable: readonly Problem[];
}

function Problems({ state, objects, unusable }: ProblemsProps) {
  const { answer, error } = state.appliance.problems.value;
  return (
    <>
      {error !== undefined && <Trouble>{error}</Trouble>}
      {answer === undefined && error === undefined && <Empty title="Asking for the objects">One moment.</Empty>}
      {answer !== undefined && error === undefined && objects.length === 0 && unusable.length === 0 && (
        <Empty title="No object has a problem">All that was written takes effect.</Empty>
      )}
      <ul>
        {unusable.map((problem) => (
          <li key={formatProblem(problem)} class="attention-item">
            <p class="attention-title">
              <SeverityDot severity={problem.severity} />
              <b>{problem.origin?.file.split("/").at(-1) ?? "Source"}</b>{" "}
              <span class="muted">a part of it cannot be used</span>
            </p>
            <ProblemWords problem={problem} />
          </li>
        ))}
        {objects.flatMap(({ ref, inUse, problems }) =>
          problems.map((problem) => (
            <li
              key={`${ref.kind}/${ref.namespace}/${ref.name} ${problem.reason} ${formatProblem(problem)}`}
              class="attention-item"
            >
              <p class="attention-title">
                <SeverityDot severity={problem.severity} />
                <b>
                  {ref.kind} {ref.namespace === "" ? "" : `${ref.namespace}/`}
                  {ref.name}
                </b>{" "}
                <span class="muted">
                  {inUse === "lastGood" ? "an earlier form goes on" : inUse === "none" ? "not in effect" : ""}
                </span>
              </p>
              <ProblemWords problem={problem} />
            </li>
          )),
        )}
      </ul>
    </>
  );
}

/** How serious something is that nothing else says it of. */
function SeverityDot({ severity }: { readonly severity: "error" | "warning" | "info" }) {
  return (
    <>
      <Dot tone={severity === "error" ? "bad" : severity === "warning" ? "warn" : "idle"} />
      {severity !== "info" && <span class="visually-hidden">{severity}: </span>}
    </>
  );
}

function ProblemWords({ problem: { path, message, fix, origin } }: { readonly problem: Problem }) {
  return (
    <>
      <p>
        {path !== "" && <code>{path}</code>} {message}
      </p>
      {fix !== undefined && (
        <p class="fix">
          <b>Fix:</b> {fix}
        </p>
      )}
      {origin !== undefined && (
        <p class="muted">
          {origin.file}
          {origin.line === undefined ? "" : `:${origin.line}`}
        </p>
      )}
    </>
  );
}

/** The markers of the charts, as a list. */
function Events({ state }: { readonly state: ConsoleState }) {
  const markers = state.picture.value?.markers ?? [];
  if (markers.length === 0)
    return (
      <Empty title="Nothing happened lately">Pushes, refusals, discovery, alerts and drains are noted here.</Empty>
    );
  return (
    <ul>
      {markers.toReversed().map(({ id, time, severity, text }) => (
        <li key={id} class="event">
          <SeverityDot severity={severity} />
          <button
            type="button"
            class="link quiet-link"
            title="Show the requests up to then"
            onClick={() => state.showSecond(Math.floor(time / 1000))}
          >
            {formatClock(time, state.now.value)}
          </button>
          <span>{text}</span>
        </li>
      ))}
    </ul>
  );
}

function Trouble({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="trouble" role="alert">
      {children}
    </p>
  );
}

/** A link out of an alert's annotation: whoever writes rules must not run scripts here. */
function isWebLink(link: string): boolean {
  return /^(https?:\/\/|\/(?!\/))/.test(link);
}
