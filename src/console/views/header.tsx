import type { ComponentChildren } from "preact";
import type { SourceState } from "#api/ports/appliance.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatAge } from "../words/format.ts";
import type { Tone } from "../words/health-words.ts";
import { whoWords } from "../words/rights.ts";
import { childTone, configTone, sourceTone, worstTone } from "../words/tones.ts";
import { Dot } from "./dot.tsx";

interface Chip {
  readonly name: string;
  /** Over its lines, where that is more than the name. */
  readonly title?: string;
  readonly tone: Tone;
  readonly words: string;
  readonly lines: readonly { readonly tone: Tone; readonly name: string; readonly words: string }[];
}

/** How the appliance is, how the connection to it is, and the way out. */
export function Header({ state, onHelp }: { readonly state: ConsoleState; readonly onHelp: () => void }) {
  return (
    <header class="header">
      <h1 class="brand">
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
          <circle cx="16" cy="16" r="14" class="brand-rim" />
          <path d="M16 6l3.6 10L16 26l-3.6-10z" class="brand-needle" />
          <path d="M16 6l3.6 10h-7.2z" class="brand-north" />
        </svg>
        <span class="brand-name">Binnacle</span>
      </h1>
      <div class="chips" role="group" aria-label="Appliance">
        {chips(state).map((chip) => (
          <StateChip key={chip.name} chip={chip} />
        ))}
      </div>
      <div class="header-end">
        <Freshness state={state} />
        <button type="button" class="quiet" aria-pressed={state.paused.value} onClick={() => state.togglePause()}>
          {state.paused.value ? "Go on" : "Pause"}
        </button>
        <button type="button" class="quiet" onClick={onHelp} aria-label="Help and keys">
          ?
        </button>
        <Who state={state} />
        <button type="button" class="quiet" onClick={() => void state.signOut()}>
          Sign out
        </button>
      </div>
    </header>
  );
}

/** Who is signed in, since what is shown depends on it. */
function Who({ state }: { readonly state: ConsoleState }) {
  const principal = state.appliance.status.value.answer?.principal;
  if (principal === undefined) return null;
  const words = whoWords(principal);
  return (
    <span class="who" title={words}>
      <span aria-hidden="true">{principal.name}</span>
      <span class="visually-hidden">signed in as {words}</span>
    </span>
  );
}

function StateChip({ chip }: { readonly chip: Chip }) {
  const label: ComponentChildren = (
    <>
      <Dot tone={chip.tone} />
      <span class="chip-name">{chip.name}</span> <span class="chip-words">{chip.words}</span>
    </>
  );
  if (chip.lines.length === 0) return <span class={`chip tone-${chip.tone}`}>{label}</span>;
  const id = `chip-${chip.name}`;
  return (
    <>
      <button type="button" class={`chip tone-${chip.tone}`} popovertarget={id}>
        {label}
      </button>
      <div id={id} popover="auto" class="popover">
        <h2>{chip.title ?? chip.name}</h2>
        <ul class="state-list">
          {chip.lines.map(({ tone, name, words }) => (
            <li key={name}>
              <Dot tone={tone} />
              <b>{name}</b>
              <span>{words}</span>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function Freshness({ state }: { readonly state: ConsoleState }) {
  const feed = state.feed.value;
  const age = state.heard.value === 0 ? undefined : Math.max(0, state.now.value - state.heard.value);
  const isOld = age !== undefined && age > 10_000;
  const isFirst = feed.type === "connecting" && feed.lost === undefined;
  const tone: Tone = feed.type === "live" ? (isOld ? "warn" : "good") : isFirst ? "idle" : "bad";
  const words = state.paused.value
    ? "paused"
    : feed.type === "live"
      ? "live"
      : feed.type === "connecting"
        ? "connecting"
        : "not connected";
  return (
    <span class={`freshness tone-${tone}`}>
      <Dot tone={state.paused.value ? "idle" : tone} />
      {/* The age beside it changes each second: that is not for reading out. */}
      <span role="status">{words}</span>
      <span class="muted fresh-age">
        {age === undefined || state.paused.value ? "" : `· fresh ${formatAge(age)} ago`}
      </span>
    </span>
  );
}

function sourceWords({ state, lastSync, detail, problems = [] }: SourceState, now: number): string {
  const age = lastSync === undefined ? "" : `, last answer ${formatAge(now - lastSync)} ago`;
  const wrong = problems.length === 0 ? "" : `; ${problems.length} unusable, see Problems`;
  return `${state}${age}${detail === "" ? "" : `: ${detail}`}${wrong}`;
}

function chips(state: ConsoleState): Chip[] {
  const { answer: status, error } = state.appliance.status.value;
  const now = state.now.value;
  const { answer: heard, error: alertsError } = state.appliance.alerts.value;
  // While Alertmanager does not answer nobody knows: what it said before is no comfort.
  const isKnown = heard !== undefined && alertsError === undefined;
  const firing = heard?.alerts.filter((alert) => alert.state === "active") ?? [];
  const alertTone: Tone = firing.some(({ severity }) => severity === "critical")
    ? "bad"
    : firing.length > 0
      ? "warn"
      : "good";
  const alerts: Chip = {
    name: "Alerts",
    tone: isKnown ? alertTone : alertsError === undefined ? "idle" : "warn",
    words: !isKnown
      ? alertsError === undefined
        ? "…"
        : "not known"
      : firing.length === 0
        ? "none"
        : `${firing.length} firing`,
    lines: firing.map(({ name, summary, severity }) => ({
      tone: severity === "critical" ? "bad" : "warn",
      name,
      words: summary,
    })),
  };
  if (status === undefined) {
    const words = error === undefined ? "…" : "not known";
    return [
      { name: "Envoy", tone: "idle", words, lines: [] },
      { name: "Config", tone: "idle", words, lines: [] },
      { name: "Sources", tone: "idle", words, lines: [] },
      alerts,
    ];
  }
  const { envoys, sources, children } = status;
  const lost = envoys.filter(({ connected }) => !connected);
  const configs = envoys.map(({ config }) => config);
  const rejected = configs.filter((config) => config.state === "rejected").length;
  const pending = configs.filter((config) => config.state === "pending").length;
  const newest = Math.max(0, ...configs.map(({ since }) => since));
  const notSynced = sources.filter((source) => source.state !== "synced");
  return [
    {
      name: "Envoy",
      title: "Envoy, and the programs beside it",
      tone: envoys.length === 0 || lost.length > 0 ? "bad" : "good",
      words:
        envoys.length === 0
          ? "none"
          : lost.length > 0
            ? `${lost.length} of ${envoys.length} lost`
            : envoys.length === 1
              ? "live"
              : `${envoys.length} live`,
      lines: [
        ...envoys.map(({ id, connected, version }) => ({
          tone: connected ? ("good" as const) : ("bad" as const),
          name: id,
          words: `${connected ? "connected" : "not connected"}${version === undefined ? "" : `, ${version}`}`,
        })),
        ...children.map(({ name, state: child, since, restarts, detail }) => ({
          tone: childTone(child),
          name,
          words: `${child} for ${formatAge(now - since)}${restarts === 0 ? "" : `, ${restarts} restarts`}${detail === "" ? "" : `: ${detail}`}`,
        })),
      ],
    },
    {
      name: "Config",
      tone: worstTone(
        configs.map((config) => configTone(config.state)),
        "idle",
      ),
      words:
        rejected > 0
          ? "partly rejected"
          : pending > 0
            ? "being applied"
            : configs.length === 0
              ? "not known"
              : `accepted ${formatAge(now - newest)} ago`,
      lines: envoys.map(({ id, config }) => ({
        tone: configTone(config.state),
        name: id,
        words: config.state === "rejected" ? config.message : `${config.state} ${formatAge(now - config.since)} ago`,
      })),
    },
    {
      name: "Sources",
      tone: worstTone(
        sources.map((source) => sourceTone(source)),
        "idle",
      ),
      words:
        notSynced.length === 0
          ? `${sources.length} in sync`
          : `${notSynced.length} of ${sources.length} ${notSynced[0]?.state ?? ""}`,
      lines: sources.map((source) => ({
        tone: sourceTone(source),
        name: source.name,
        words: sourceWords(source, now),
      })),
    },
    alerts,
  ];
}
