import type { FilterPair } from "#api/traffic-filter.ts";
import type { Talker } from "#traffic/request-shown.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { withPair } from "../state/filter-words.ts";
import { isClearlyGreater, type RowOrder } from "../state/steady-order.ts";
import { formatRate, formatShare } from "../words/format.ts";
import { errorTone } from "../words/tones.ts";
import { Empty, Panel } from "./panel.tsx";
import { useSteadyOrder } from "./use-steady-order.ts";
import { ViewSwitch } from "./view-switch.tsx";

interface TalkersListProps {
  readonly name: string;
  readonly talkers: readonly Talker[];
  /** Of the talkers, milliseconds since the epoch. */
  readonly now: number;
  /** Without it a click does nothing: there is no filter for it. */
  readonly onPick?: (value: string) => void;
}

/** Who and what makes the traffic of the last minute; a click filters by it. */
export function Talkers({ state }: { readonly state: ConsoleState }) {
  const { talkers, time: now = 0 } = state.picture.value ?? {};
  const pick = (field: FilterPair[0]) => (value: string) =>
    state.go({ filter: withPair(state.place.value.filter, [field, value]) });
  return (
    <Panel
      name="Top talkers"
      class="talkers-panel"
      note="last minute, estimated from the requests shown"
      tools={<ViewSwitch state={state} />}
    >
      <div class="talkers">
        <TalkersList name="Clients" talkers={talkers?.clients ?? []} now={now} onPick={pick("client")} />
        <TalkersList name="Paths" talkers={talkers?.paths ?? []} now={now} onPick={pick("path")} />
        <TalkersList name="Routes" talkers={talkers?.routes ?? []} now={now} onPick={pick("route")} />
        <TalkersList name="User agents" talkers={talkers?.agents ?? []} now={now} />
      </div>
    </Panel>
  );
}

const BUSIEST: RowOrder<Talker> = {
  compare: (a, b) => b.perSecond - a.perSecond,
  overtakes: (talker, other) => isClearlyGreater(talker.perSecond, other.perSecond),
};

/** The busiest first. */
function TalkersList({ name, talkers, now, onPick }: TalkersListProps) {
  const { rows, handlers } = useSteadyOrder(
    talkers.map((talker) => ({ key: talker.value, ...talker })),
    now,
    BUSIEST,
  );
  const most = Math.max(1e-9, ...talkers.map(({ perSecond }) => perSecond));
  return (
    <section aria-label={name} {...handlers}>
      <h3>{name}</h3>
      {talkers.length === 0 && <Empty title="Nobody">No request in the last minute.</Empty>}
      <ol>
        {rows.map(({ value, perSecond, errorRatio }) => (
          <li key={value}>
            <span class="talker-bar" style={{ width: `${(100 * perSecond) / most}%` }} aria-hidden="true" />
            {onPick === undefined || value === "" ? (
              <span class="talker-name" title={value}>
                {value === "" ? "none" : value}
              </span>
            ) : (
              <button type="button" class="talker-name" title={value} onClick={() => onPick(value)}>
                {value === "" ? "none" : value}
              </button>
            )}
            <span class={`talker-errors tone-${errorTone(errorRatio)}`}>
              {errorRatio > 0 ? `${formatShare(errorRatio)} fail` : ""}
            </span>
            <span class="talker-rate">{formatRate(perSecond)}/s</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
