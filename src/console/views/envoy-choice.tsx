import type { ConsoleState } from "../state/console-state.ts";
import { withPair, withoutPair } from "../state/filter-words.ts";
import { formatRate } from "../words/format.ts";
import { Dot } from "./dot.tsx";

/** The Envoys that serve, where there are several: a click shows one alone, another all again. */
export function EnvoyChoice({ state }: { readonly state: ConsoleState }) {
  const picture = state.picture.value;
  const { filter } = state.place.value;
  const envoys = picture?.sampling.envoys ?? [];
  if (picture === undefined || envoys.length < 2) return null;
  const rates = new Map(picture.envoys.map(({ key, rates: of }) => [key, of.perSecond]));
  return (
    <div class="envoy-choice" role="group" aria-label="Envoys">
      {envoys.map(({ id, reachable }) => {
        const isChosen = filter.envoys?.includes(id) === true;
        const rate = rates.get(id);
        return (
          <button
            type="button"
            key={id}
            class="chip"
            aria-pressed={isChosen}
            title={reachable ? `requests that ${id} served` : `${id} does not tell its totals at the moment`}
            onClick={() =>
              state.go({ filter: isChosen ? withoutPair(filter, ["envoy", id]) : withPair(filter, ["envoy", id]) })
            }
          >
            <Dot tone={reachable ? "good" : "bad"} />
            {id} {rate !== undefined && <span class="muted">{formatRate(rate)}/s</span>}
          </button>
        );
      })}
    </div>
  );
}
