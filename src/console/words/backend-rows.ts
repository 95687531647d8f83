import type { BackendAnswer, BackendDetailAnswer } from "#api/answers.ts";
import type { FoundService } from "#api/ports/backends.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { AgedAnswer } from "../feed/aged-answer.ts";
import { formatAge } from "./format.ts";
import type { Tone } from "./health-words.ts";

/** A line of the table of backends. */
export type BackendRow =
  | { readonly type: "backend"; readonly key: string; readonly backend: BackendAnswer; readonly isOpen: boolean }
  | {
      readonly type: "team";
      readonly key: string;
      readonly team: BackendDetailAnswer["namespaces"][number];
      /** No newer answer came. */
      readonly isOld: boolean;
    }
  | {
      readonly type: "note";
      readonly key: string;
      readonly tone: Tone;
      readonly words: string;
      readonly fix?: string;
      /** The backend whose held services may be let go here. */
      readonly releases?: string;
    };

/** So many of one kind are told; the command line has all. */
const MOST_NOTES = 20;

/**
 * Each backend, and below an open one what is wrong, then its teams.
 *
 * @param now milliseconds since the epoch
 */
export function backendRows(
  backends: readonly BackendAnswer[],
  details: ReadonlyMap<string, AgedAnswer<BackendDetailAnswer>>,
  isOpen: (backend: BackendAnswer) => boolean,
  now: number,
): readonly BackendRow[] {
  return backends.flatMap((backend): BackendRow[] => {
    const { name } = backend;
    const own: BackendRow = { type: "backend", key: name, backend, isOpen: isOpen(backend) };
    const detail = details.get(name);
    if (!own.isOpen || detail === undefined) return [own];
    const { answer } = detail;
    const words = oldWords(detail, now);
    const old: BackendRow[] = words === "" ? [] : [{ type: "note", key: `${name} old`, tone: "bad", words }];
    const teams = (answer?.namespaces ?? []).map((team): BackendRow => ({
      type: "team",
      key: `${name} ${team.namespace}`,
      team,
      isOld: words !== "",
    }));
    return [own, ...old, ...(answer === undefined ? [] : notesOf(answer)), ...teams];
  });
}

/** How old an answer is, and why no newer one came; empty where none is missing. `now`: milliseconds since the epoch. */
export function oldWords({ error, asOf }: AgedAnswer<unknown>, now: number): string {
  if (error === undefined) return "";
  return asOf === undefined ? `not known: ${error}` : `as of ${formatAge(now - asOf)} ago: ${error}`;
}

function gatewayWords({ address = "of it", state, detail = "" }: NonNullable<BackendDetailAnswer["gateway"]>): string {
  const words = `gateway ${address}${state === "unreachable" ? " cannot be reached" : ""}`;
  return detail === "" ? words : `${words}: ${detail}`;
}

function notesOf(detail: BackendDetailAnswer): BackendRow[] {
  const { name, failure, gateway, held, unplaced, problems } = detail;
  const note = (id: string, tone: Tone, words: string, fix?: string): BackendRow => ({
    type: "note",
    key: `${name} ${id}`,
    tone,
    words,
    ...(fix === undefined ? {} : { fix }),
  });
  const rows: BackendRow[] = [];
  if (failure !== undefined) rows.push(note("failure", "bad", failure.message, failure.fix));
  if (gateway !== undefined && (gateway.state === "unreachable" || gateway.detail !== undefined))
    rows.push(note("gateway", gateway.state === "unreachable" ? "bad" : "warn", gatewayWords(gateway)));
  if (held.length > 0) {
    const words = `${held.length} services went all at once and stay until they come back or somebody lets them go`;
    rows.push({ type: "note", key: `${name} held`, tone: "warn", words, fix: namesOf(held), releases: name });
  }
  const away = unplaced.flatMap((service) =>
    service.problems.map(({ message, fix }, index) =>
      note(
        `${service.namespace}/${service.name} ${index}`,
        "warn",
        `${service.namespace}/${service.name}: ${message}`,
        fix,
      ),
    ),
  );
  const upstream = problems.map(({ severity, message, fix }, index) =>
    note(`upstream ${index}`, severity === "error" ? "bad" : "warn", message, fix),
  );
  for (const [id, notes] of Object.entries({ away, upstream })) {
    rows.push(...notes.slice(0, MOST_NOTES));
    const rest = notes.length - MOST_NOTES;
    if (rest > 0) rows.push(note(`${id} more`, "idle", `and ${rest} more`, `binnacle backends show ${name} -o yaml`));
  }
  return rows;
}

function namesOf(services: readonly FoundService[]): string {
  return services.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
}

export function backendTone({ state, heldServices, unplacedServices }: BackendAnswer): Tone {
  switch (state) {
    case "synced":
      return heldServices > 0 || unplacedServices > 0 ? "warn" : "good";
    case "stale":
    case "failed":
      return "bad";
    case "syncing":
    case "idle":
    case "draining":
    case "removed":
      return "idle";
    default:
      return unreachable(state);
  }
}

/** How a backend is, with the age that matters in that state. `now`: milliseconds since the epoch. */
export function backendStateWords({ state, since, lastSync, goneAt }: BackendAnswer, now: number): string {
  switch (state) {
    case "synced":
      return "in step";
    case "stale":
      return lastSync === undefined ? "stale" : `stale: ${formatAge(now - lastSync)} old`;
    case "syncing":
      return "being read";
    case "failed":
      return `failed: not read for ${formatAge(now - since)}`;
    case "draining":
      return `drains, gone in ${formatAge((goneAt ?? now) - now)}`;
    case "idle":
    case "removed":
      return state === "idle" ? "not followed" : "removed";
    default:
      return unreachable(state);
  }
}

/** `6/7`, or one figure where they agree. */
export function ofWords({ here, upstream }: { readonly here: number; readonly upstream: number }): string {
  return here === upstream ? String(here) : `${here}/${upstream}`;
}
