import { useEffect, useRef } from "preact/hooks";
import { type FilterPair, formatUpstream } from "#api/traffic-filter.ts";
import type { RequestRow } from "#traffic/request-shown.ts";
import type { Owner, Phases } from "#traffic/table-rows.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { withPair } from "../state/filter-words.ts";
import { formatAge, formatBytes, formatMillis, formatMoment } from "../words/format.ts";
import { mayPin } from "../words/rights.ts";
import { CopyButton } from "./copy-button.tsx";
import { whyTone } from "./request-tail.tsx";
import { codeTone } from "../words/tones.ts";

/** One request whole: why it failed and what to do first, where its time went, every field. */
export function RequestDetail({ state }: { readonly state: ConsoleState }) {
  const row = state.selected.value;
  const panel = useRef<HTMLElement>(null);
  // On a screen that is not high the panel lies below the edge, and with it why the request failed.
  useEffect(() => panel.current?.scrollIntoView({ block: "nearest" }), [row?.id]);
  // It goes, and with it what has the focus: reading goes on in the list.
  const takesFocus = row === undefined && panel.current?.contains(document.activeElement) === true;
  useEffect(() => {
    if (takesFocus) document.querySelector<HTMLElement>(".tail")?.focus({ preventScroll: true });
  }, [takesFocus]);
  if (row === undefined) return null;
  const { why, authority, path, method, code, grpcStatus, duration } = row;
  const pins = mayPin(state.appliance.status.value.answer?.principal);
  const follow = (pair: FilterPair) => () => state.go({ filter: withPair(state.place.value.filter, pair) });
  return (
    <section class="panel detail" aria-label="Request" ref={panel}>
      <div class="panel-head">
        <h2>
          <span class={`code tone-${codeTone(code)}`}>{code === 0 ? "no answer" : code}</span>{" "}
          {grpcStatus === undefined ? "" : `gRPC ${grpcStatus} `}
          {method} {formatMillis(duration)}
        </h2>
        <span class="panel-note" title={`${authority}${path}`}>
          {authority}
          {path}
        </span>
        <CopyButton text={requestText(row)} label="Copy the request" />
        <button type="button" class="quiet" aria-label="Close" onClick={() => (state.selected.value = undefined)}>
          ×
        </button>
      </div>
      <div class="detail-body">
        {why !== undefined && (
          <div class={`why tone-${whyTone(row)}`}>
            <p class="why-summary">{why.summary}</p>
            <p>{why.detail}</p>
            <p class="why-next">
              <b>Next:</b> {why.nextStep}
            </p>
            <OwnersProblems state={state} owner={row.owner} />
          </div>
        )}
        <PhaseBar phases={row.phases} duration={duration} />
        <div class="detail-actions">
          <button type="button" class="button small" onClick={follow(["client", row.client])}>
            Only this client
          </button>
          {row.endpoint !== undefined && (
            <button type="button" class="button small" onClick={follow(["endpoint", row.endpoint])}>
              Only this endpoint
            </button>
          )}
          {row.requestId !== "" && (
            <button type="button" class="button small" onClick={follow(["request-id", row.requestId])}>
              Follow this request
            </button>
          )}
          {pins && (
            <button
              type="button"
              class="button small"
              title="Every request of this client is shown for five minutes, whatever the sampling"
              onClick={() => state.pin({ client: row.client })}
            >
              Pin client 5 min
            </button>
          )}
          {pins && row.route !== "" && (
            <button
              type="button"
              class="button small"
              title="Every request of this route is shown for five minutes, whatever the sampling"
              onClick={() => state.pin({ host: row.host, route: row.route })}
            >
              Pin route 5 min
            </button>
          )}
        </div>
        <Pins state={state} />
        <dl class="fields">
          {fields(row).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

/** What is wrong now with the object that the request was routed by: often the reason itself. */
function OwnersProblems({ state, owner }: { readonly state: ConsoleState; readonly owner: Owner | undefined }) {
  const objects = state.appliance.problems.value.answer?.objects ?? [];
  const object = objects.find(
    ({ ref }) => ref.kind === owner?.kind && ref.namespace === owner.namespace && ref.name === owner.name,
  );
  return (
    <>
      {object?.problems.map(({ reason, path, message, fix }) => (
        <p key={`${reason} ${path} ${message}`} class="why-next">
          <b>
            {object.ref.kind} {object.ref.name}:
          </b>{" "}
          {message}
          {fix === undefined ? "" : `. Fix: ${fix}`}
        </p>
      ))}
    </>
  );
}

const PHASES: readonly { readonly name: keyof Phases; readonly words: string }[] = [
  { name: "waiting", words: "waiting" },
  { name: "connecting", words: "connecting" },
  { name: "upstream", words: "upstream" },
  { name: "transfer", words: "transfer" },
];

function PhaseBar({ phases, duration }: { readonly phases: Phases; readonly duration: number }) {
  const known = PHASES.flatMap(({ name, words }) => {
    const value = phases[name];
    return value === undefined ? [] : [{ name, words, value }];
  });
  if (known.length === 0) return null;
  return (
    <div class="phases">
      <div class="phase-bar" aria-hidden="true">
        {known.map(({ name, value }) => (
          <span key={name} class={`phase-${name}`} style={{ width: `${(100 * value) / Math.max(duration, 0.01)}%` }} />
        ))}
      </div>
      <ul class="phase-words">
        {known.map(({ name, words, value }) => (
          <li key={name}>
            <i class={`phase-${name}`} /> {words} {formatMillis(value)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Pins({ state }: { readonly state: ConsoleState }) {
  const pins = state.picture.value?.pins ?? [];
  const may = mayPin(state.appliance.status.value.answer?.principal);
  if (pins.length === 0) return null;
  return (
    <p class="pins">
      Pinned:{" "}
      {pins.map(({ id, target, until }) => (
        <button
          type="button"
          class="chip"
          key={id}
          disabled={!may}
          aria-label={`take the pin of ${Object.values(target).join(" ")} away`}
          onClick={() => state.unpin(id)}
        >
          {Object.values(target).join(" ")} {formatAge(until - state.now.value)} <span aria-hidden="true">×</span>
        </button>
      ))}
    </p>
  );
}

/** For a chat or a ticket. */
function requestText(row: RequestRow): string {
  const { why, method, authority, path, code, duration } = row;
  const lines = [
    `${method} ${authority}${path}: ${code === 0 ? "no answer" : code} after ${formatMillis(duration)}`,
    ...(why === undefined ? [] : [why.summary, why.detail, `Next: ${why.nextStep}`]),
    ...fields(row).map(([name, value]) => `${name}: ${value}`),
  ];
  return lines.join("\n");
}

function fields(row: RequestRow): readonly (readonly [name: string, value: string])[] {
  const { owner, upstream, fallback } = row;
  const all: readonly (readonly [string, string])[] = [
    ["Began", formatMoment(row.time)],
    ["Object", owner === undefined ? "" : `${owner.kind} ${owner.namespace}/${owner.name}`],
    ["Host", row.host],
    ["Route", row.route],
    ["Listener", row.listener],
    ["Upstream", upstream === undefined ? "" : formatUpstream(upstream)],
    ["Taken over by", fallback === undefined ? "" : formatUpstream(fallback)],
    ["Endpoint", row.endpoint ?? ""],
    ["Attempts", row.attempts === 0 ? "none: Envoy answered by itself" : String(row.attempts)],
    ["Flags", row.flags.join(" ")],
    ["Details", row.details],
    ["Transport failure", row.transportFailure],
    ["Client", row.client],
    ["User agent", row.userAgent],
    ["Protocol", row.protocol],
    ["Bytes", `${formatBytes(row.bytesIn)} in, ${formatBytes(row.bytesOut)} out`],
    ["Request id", row.requestId],
    ["Trace id", row.traceId ?? ""],
    ["Shown because", row.weight > 1 ? `${row.kept}, stands for ${row.weight}` : row.kept],
    ["Envoy", row.envoy],
  ];
  return all.filter(([, value]) => value !== "");
}
