import type { ApplianceView, ChildState, EnvoyState } from "#api/ports/appliance.ts";
import type { Health } from "#api/ports/health.ts";
import { compareText } from "#lib/compare.ts";
import type { ProcessState } from "#supervisor/process-life.ts";
import type { Snapshot } from "#xds/snapshot.ts";
import type { ConnectedClient } from "#xds/server.ts";

export interface SupervisedProcess {
  readonly name: string;
  readonly state: ProcessState;
  readonly ends: number;
}

export interface ApplianceParts {
  readonly snapshot: Snapshot;
  readonly clients: () => readonly ConnectedClient[];
  readonly sources: ApplianceView["sources"];
  readonly processes: () => readonly SupervisedProcess[];
  /** When Envoy last became all accepted or pending, milliseconds since the epoch. */
  readonly configSince: () => number;
  readonly now: () => number;
}

/** How the parts of the appliance are, for the header of every view. */
export function applianceView(parts: ApplianceParts): ApplianceView {
  return {
    envoys: () =>
      parts
        .clients()
        .map((client) => envoyState(client, parts))
        .sort((a, b) => compareText(a.id, b.id)),
    sources: parts.sources,
    children: () =>
      parts
        .processes()
        .map((child) => childState(child, parts.now()))
        .sort((a, b) => compareText(a.name, b.name)),
  };
}

/** Ready means: the home is synced, and an Envoy has accepted what came of it. */
export function health(parts: Pick<ApplianceParts, "snapshot" | "clients">): Health {
  const reasons = (): readonly string[] => {
    if (!parts.snapshot.ready) return ["the manifests have not been read to the end yet"];
    if (parts.clients().length === 0) return ["no Envoy is connected"];
    const open = parts.snapshot.unacknowledged;
    return open === 0 ? [] : [`Envoy has yet to accept ${open} resources`];
  };
  let wasReady = false;
  return {
    live: () => true,
    // Once it is, a change on its way to Envoy does not take it back: traffic flows as before.
    ready: () => {
      const now = reasons();
      wasReady ||= now.length === 0;
      return wasReady && parts.clients().length > 0;
    },
    reasons: () => (wasReady && parts.clients().length > 0 ? [] : reasons()),
  };
}

function envoyState(client: ConnectedClient, { snapshot, clients, configSince }: ApplianceParts): EnvoyState {
  const since = configSince();
  const { node, address, names, isBehind } = client;
  const base = { id: node, connected: true, ...(address === undefined ? {} : { address, names }) };
  const [refused] = snapshot.quarantined();
  if (refused !== undefined) {
    const message = `${refused.type} ${refused.name}: ${refused.message}`;
    return { ...base, config: { state: "rejected", since, message } };
  }
  // The snapshot counts what nobody has acknowledged: of several, one that is through does not wait for another.
  const isPending = isBehind || (clients().length === 1 && snapshot.unacknowledged > 0);
  return { ...base, config: { state: isPending ? "pending" : "accepted", since } };
}

function childState({ name, state, ends }: SupervisedProcess, now: number): ChildState {
  const base = { name, restarts: ends };
  switch (state.state) {
    case "live":
      return { ...base, state: "running", pid: state.pid, since: state.since, detail: state.adopted ? "adopted" : "" };
    case "starting":
      return { ...base, state: "starting", pid: state.pid, since: state.since, detail: "" };
    case "draining":
      return { ...base, state: "running", pid: state.pid, since: state.since, detail: "drains" };
    case "backoff":
    case "failed": {
      const seconds = Math.max(0, Math.ceil((state.until - now) / 1000));
      return {
        ...base,
        state: "backoff",
        since: state.since,
        detail: `${state.reason}; started again in ${seconds} s`,
      };
    }
    case "stopped":
      return { ...base, state: "stopped", since: state.since, detail: "" };
  }
}
