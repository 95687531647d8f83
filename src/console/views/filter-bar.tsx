import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { FILTER_FIELDS, formatUpstream, pairsFromFilter, tailCommand } from "#api/traffic-filter.ts";
import { unreachable } from "#lib/unreachable.ts";
import type { RouteTotals } from "#traffic/table-rows.ts";
import type { Focus } from "../state/address.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { readFilterWords, withoutPair } from "../state/filter-words.ts";
import { CopyButton } from "./copy-button.tsx";
import { EnvoyChoice } from "./envoy-choice.tsx";

interface FilterBarProps {
  readonly state: ConsoleState;
  readonly box: RefObject<HTMLInputElement | null>;
}

/** What is shown: the filter as chips, a box to add to it, and the same as a command. */
export function FilterBar({ state, box }: FilterBarProps) {
  const problem = useSignal<string | undefined>(undefined);
  // Put together when the reader comes to the box: of a thousand hosts, with each frame, it would cost more than all the rest.
  const suggested = useSignal<readonly string[]>([]);
  const { filter, focus } = state.place.value;
  const command = tailCommand(state.filter.value);
  const complaint = problem.value ?? state.complaint.value;

  function add(event: SubmitEvent): void {
    event.preventDefault();
    const input = box.current;
    if (input === null || input.value.trim() === "") return;
    const read = readFilterWords(input.value, filter);
    problem.value = read.ok ? undefined : read.problem;
    if (!read.ok) return;
    input.value = "";
    state.go({ filter: read.filter });
  }

  return (
    <div class="filter-bar" role="search">
      <EnvoyChoice state={state} />
      <form class="filter-form" onSubmit={add}>
        {pairsFromFilter(filter).map((pair) => (
          <button
            type="button"
            key={pair.join(":")}
            class="chip filter-chip"
            title={pair[1]}
            aria-label={`remove filter ${pair[0]} ${pair[1]}`}
            onClick={() => state.go({ filter: withoutPair(filter, pair) })}
          >
            <span class="muted">{pair[0]}</span> <span class="chip-value">{pair[1]}</span>{" "}
            <span aria-hidden="true">×</span>
          </button>
        ))}
        {focus !== undefined && (
          <button
            type="button"
            class="chip focus-chip"
            title={focusWords(focus)}
            aria-label={`drop the focus on ${focusWords(focus)}`}
            onClick={() => state.go({ focus: undefined })}
          >
            <span class="muted">only</span> <span class="chip-value">{focusWords(focus)}</span>{" "}
            <span aria-hidden="true">×</span>
          </button>
        )}
        <input
          ref={box}
          type="search"
          class="filter-box"
          aria-label="Filter"
          aria-describedby="filter-problem"
          placeholder="Filter: host:shop.localhost code:5xx slower:200 /cart"
          list="filter-words"
          autocomplete="off"
          spellcheck={false}
          onFocus={() => (suggested.value = suggestions(state.overview.peek()?.routes ?? []))}
          onInput={() => (problem.value = undefined)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <datalist id="filter-words">
          {suggested.value.map((words) => (
            <option key={words} value={words} />
          ))}
        </datalist>
      </form>
      <p id="filter-problem" class="filter-problem" role="alert">
        {complaint}
      </p>
      <div class="command" title={`The same in a terminal: ${command}`}>
        <code>{command}</code>
        <CopyButton text={command} label="Copy the command" />
        <CopyButton text={location.href} label="Copy the link" words="Link" />
      </div>
    </div>
  );
}

function focusWords(focus: Focus): string {
  switch (focus.type) {
    case "route":
      return `${focus.host} ${focus.route}`;
    case "cluster":
      return formatUpstream(focus.upstream);
    case "endpoint":
      return focus.address;
    default:
      return unreachable(focus);
  }
}

/** Fields, and what of these routes they may hold. */
function suggestions(routes: readonly RouteTotals[]): readonly string[] {
  const hosts = new Set(routes.map(({ host }) => `host:${host}`));
  const namespaces = new Set(
    routes.flatMap(({ owner }) => (owner === undefined ? [] : [`namespace:${owner.namespace}`])),
  );
  const fields = FILTER_FIELDS.map(({ name, example }) => `${name}:${example}`);
  return [
    "code:5xx",
    "code:4xx",
    "kept:failure",
    "kept:slow",
    ...[...hosts].sort(),
    ...[...namespaces].sort(),
    ...fields,
  ];
}
