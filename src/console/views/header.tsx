import type { ComponentChildren } from "preact";
import type { ConsoleState } from "../state/console-state.ts";
import { applianceChips } from "../words/appliance-chips.ts";
import type { Chip } from "../words/chip.ts";
import { formatAge } from "../words/format.ts";
import type { Tone } from "../words/health-words.ts";
import { whoWords } from "../words/rights.ts";
import { Dot } from "./dot.tsx";

/** How the appliance is, how the connection to it is, and the way out. */
export function Header({ state, onHelp }: { readonly state: ConsoleState; readonly onHelp: () => void }) {
  const { appliance } = state;
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
        {applianceChips(appliance.status.value, appliance.alerts.value, state.now.value).map((chip) => (
          <StateChip key={chip.name} chip={chip} />
        ))}
      </div>
      {/* Why it is not may change from second to second: that is not for reading out. No empty text, which is placed anew each time. */}
      <span role="status" class="visually-hidden">
        {appliance.status.value.answer?.ready === false && "The appliance is not ready"}
      </span>
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
  const id = `chip-${chip.name.replaceAll(" ", "-")}`;
  return (
    <>
      <button type="button" class={`chip tone-${chip.tone}`} popovertarget={id}>
        {label}
      </button>
      <div id={id} popover="auto" class="popover" aria-label={chip.title ?? chip.name}>
        <h2>{chip.title ?? chip.name}</h2>
        <ul class="state-list">
          {chip.lines.map(({ tone, name, words }, index) => (
            <li key={`${name} ${index}`}>
              <Dot tone={tone} />
              <b>{name}</b>
              <span>{words}</span>
            </li>
          ))}
        </ul>
        {chip.link !== undefined && (
          <p class="popover-link">
            <a href={chip.link.href} target="_blank" rel="noreferrer">
              {chip.link.words}
            </a>
          </p>
        )}
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
