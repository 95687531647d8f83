import type { ChildState, EnvoyState, SourceState } from "#api/ports/appliance.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { Tone } from "./health-words.ts";

export function sourceTone({ state, problems = [] }: Pick<SourceState, "state" | "problems">): Tone {
  switch (state) {
    case "synced":
      return problems.length > 0 ? "warn" : "good";
    case "idle":
    case "syncing":
    case "draining":
    case "removed":
      return "idle";
    case "stale":
      return "warn";
    case "failed":
      return "bad";
    default:
      return unreachable(state);
  }
}

export function childTone(state: ChildState["state"]): Tone {
  switch (state) {
    case "running":
      return "good";
    case "starting":
    case "missing":
    case "stopped":
      return "idle";
    case "backoff":
      return "bad";
    default:
      return unreachable(state);
  }
}

export function configTone(state: EnvoyState["config"]["state"]): Tone {
  switch (state) {
    case "accepted":
      return "good";
    case "pending":
      return "idle";
    case "rejected":
      return "bad";
    default:
      return unreachable(state);
  }
}

const ORDER: readonly Tone[] = ["bad", "warn", "idle", "good"];

/** The most serious of some tones; `none` when there are none. */
export function worstTone(tones: readonly Tone[], none: Tone): Tone {
  return ORDER.find((tone) => tones.includes(tone)) ?? none;
}

/** Failures of all requests, as a tone: some is a warning, one in twenty is bad. */
export function errorTone(ratio: number): Tone {
  if (ratio >= 0.05) return "bad";
  return ratio > 0 ? "warn" : "good";
}

export function codeTone(code: number): Tone {
  if (code === 0 || code >= 500) return "bad";
  if (code >= 400) return "warn";
  return code >= 300 ? "idle" : "good";
}
