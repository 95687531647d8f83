import type { StatusAnswer } from "#api/answers.ts";
import type { ChildState } from "#api/ports/appliance.ts";
import type { Chip } from "./chip.ts";

interface NextStep {
  readonly words: string;
  readonly runbook?: string;
}

/** That the appliance is not ready, why, and what to do about it; undefined while it is. */
export function readinessChip(status: StatusAnswer): Chip | undefined {
  if (status.ready) return undefined;
  const { words, runbook } = nextStep(status);
  return {
    name: "Not ready",
    title: "The appliance is not ready",
    tone: "bad",
    words: status.reasons.join("; "),
    lines: [
      ...status.reasons.map((reason) => ({ tone: "bad" as const, name: "Why", words: reason })),
      { tone: "idle", name: "Next", words },
    ],
    ...(runbook === undefined ? {} : { link: { href: `/alerts/runbooks/${runbook}.md`, words: `Runbook ${runbook}` } }),
  };
}

/** In the order in which one waits for the other: no Envoy is told anything before the home is read. */
function nextStep({ sources, envoys, children }: StatusAnswer): NextStep {
  // The home of the objects is the first source; the others are backends.
  const [home] = sources;
  if (home !== undefined && home.lastSync === undefined) {
    const detail = home.detail === "" ? "" : `: ${home.detail}`;
    return { words: `source ${home.name} has to be read, it is ${home.state}${detail}` };
  }
  if (envoys.length === 0) return withoutEnvoy(children.find(({ name }) => name === "envoy"));
  return {
    words: "wait: a large first load takes seconds. If the figure stays, see what Envoy waits for",
    runbook: "ConfigStale",
  };
}

/** @param child the Envoy on this machine, if there is one */
function withoutEnvoy(child: ChildState | undefined): NextStep {
  if (child?.state === "running" || child?.state === "starting") {
    return {
      words: "its program runs and connects within seconds. If it does not, see the control plane's log, room xds",
      runbook: "XdsDisconnected",
    };
  }
  const why = child === undefined || child.detail === "" ? "" : `: ${child.detail}`;
  return {
    words: `Envoy's program does not run${why}. Its last words are in the log, room envoy`,
    runbook: "EnvoyDown",
  };
}
