import type { AlertAnswer, AlertsAnswer, StatusAnswer } from "#api/answers.ts";
import type { ChildState, EnvoyState, SourceState } from "#api/ports/appliance.ts";
import type { Polled } from "../feed/poll.ts";
import type { Chip } from "./chip.ts";
import { formatAge } from "./format.ts";
import type { Tone } from "./health-words.ts";
import { readinessChip } from "./readiness-chip.ts";
import { childTone, configTone, sourceTone, worstTone } from "./tones.ts";

/** What the header says of the appliance. `now`: milliseconds since the epoch, by the appliance's clock. */
export function applianceChips(
  { answer: status, error }: Polled<StatusAnswer>,
  alerts: Polled<AlertsAnswer>,
  now: number,
): readonly Chip[] {
  if (status === undefined) {
    const words = error === undefined ? "…" : "not known";
    const unknown = ["Envoy", "Config", "Sources"].map((name): Chip => ({ name, tone: "idle", words, lines: [] }));
    return [...unknown, alertsChip(alerts)];
  }
  const { envoys, sources, children } = status;
  return [
    readinessChip(status) ?? [],
    envoyChip(envoys, children, now),
    configChip(envoys, now),
    sourcesChip(sources, now),
    alertsChip(alerts),
  ].flat();
}

function envoyChip(envoys: readonly EnvoyState[], children: readonly ChildState[], now: number): Chip {
  const lost = envoys.filter(({ connected }) => !connected).length;
  const ended = children.filter(({ name, state }) => state === "backoff" && name !== "envoy");
  const count = envoys.length === 1 ? "live" : `${envoys.length} live`;
  const isWhole = envoys.length > 0 && lost === 0;
  return {
    name: "Envoy",
    title: "Envoy, and the programs beside it",
    tone: !isWhole ? "bad" : ended.length > 0 ? "warn" : "good",
    words: [
      envoys.length === 0 ? "none connected" : lost > 0 ? `${lost} of ${envoys.length} lost` : count,
      ...ended.map(({ name }) => `${name} ended`),
    ].join(", "),
    lines: [
      ...envoys.map(({ id, connected, version }) => ({
        tone: connected ? ("good" as const) : ("bad" as const),
        name: id,
        words: `${connected ? "connected" : "not connected"}${version === undefined ? "" : `, ${version}`}`,
      })),
      ...children.map((child) => ({ tone: childTone(child.state), name: child.name, words: childWords(child, now) })),
    ],
  };
}

/** Of one that runs it is told how long; of another, what its supervisor does about it. */
function childWords({ state, since, restarts, detail }: ChildState, now: number): string {
  const words = state === "running" ? `running for ${formatAge(now - since)}` : state === "backoff" ? "ended" : state;
  const again = restarts === 0 ? "" : `, ${restarts} ${restarts === 1 ? "restart" : "restarts"}`;
  return `${words}${again}${detail === "" ? "" : `: ${detail}`}`;
}

function configChip(envoys: readonly EnvoyState[], now: number): Chip {
  const configs = envoys.map(({ config }) => config);
  const states = configs.map(({ state }) => state);
  const newest = Math.max(0, ...configs.map(({ since }) => since));
  return {
    name: "Config",
    tone: worstTone(states.map(configTone), "idle"),
    words: states.includes("rejected")
      ? "partly rejected"
      : states.includes("pending")
        ? "being applied"
        : configs.length === 0
          ? "not known"
          : `accepted ${formatAge(now - newest)} ago`,
    lines: envoys.map(({ id, config }) => ({
      tone: configTone(config.state),
      name: id,
      words: config.state === "rejected" ? config.message : `${config.state} ${formatAge(now - config.since)} ago`,
    })),
  };
}

function sourcesChip(sources: readonly SourceState[], now: number): Chip {
  const tone = worstTone(sources.map(sourceTone), "idle");
  // The state that is worst; of one that is in sync with something wrong in it, its line tells.
  const worst = sources.find((source) => source.state !== "synced" && sourceTone(source) === tone)?.state;
  const same = sources.filter(({ state }) => state === worst).length;
  return {
    name: "Sources",
    tone,
    words: worst === undefined ? `${sources.length} in sync` : `${same} of ${sources.length} ${worst}`,
    lines: sources.map((source) => ({ tone: sourceTone(source), name: source.name, words: sourceWords(source, now) })),
  };
}

function sourceWords({ state, lastSync, detail, problems = [] }: SourceState, now: number): string {
  const age = lastSync === undefined ? "" : `, last answer ${formatAge(now - lastSync)} ago`;
  const wrong = problems.length === 0 ? "" : `; ${problems.length} unusable, see Problems`;
  return `${state}${age}${detail === "" ? "" : `: ${detail}`}${wrong}`;
}

function alertsChip({ answer, error }: Polled<AlertsAnswer>): Chip {
  const firing = (answer?.alerts ?? []).filter(({ state }) => state === "active");
  const lines = firing.map((alert) => ({ tone: alertTone(alert), name: alert.name, words: alert.summary }));
  // While Alertmanager does not answer nobody knows: what it said before is no comfort.
  if (error !== undefined) return { name: "Alerts", tone: "warn", words: "not known", lines };
  if (answer === undefined) return { name: "Alerts", tone: "idle", words: "…", lines };
  const words = firing.length === 0 ? "none" : `${firing.length} firing`;
  return { name: "Alerts", tone: worstTone(firing.map(alertTone), "good"), words, lines };
}

function alertTone({ severity }: AlertAnswer): Tone {
  return severity === "critical" ? "bad" : "warn";
}
