import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { compareText } from "#lib/compare.ts";
import type { ClusterState, EndpointState } from "#traffic/table-rows.ts";
import { formatUpstream } from "#api/traffic-filter.ts";
import { isSameFocus } from "../state/address.ts";
import { type ConsoleState, isServedByNone } from "../state/console-state.ts";
import { exactOrder } from "../state/steady-order.ts";
import { formatMillis, formatRate, formatShare, formatUpstreamShort } from "../words/format.ts";
import { clusterCounts, clusterTone, clusterWords, healthTone, healthWords, type Tone } from "../words/health-words.ts";
import { errorTone } from "../words/tones.ts";
import { Dot } from "./dot.tsx";
import { memo } from "./memo.ts";
import { Empty, Panel } from "./panel.tsx";
import { useSteadyOrder } from "./use-steady-order.ts";
import { WindowedTable } from "./windowed-table.tsx";

const ROW_HEIGHT = 32;
/** So many upstreams show their endpoints without being asked. */
const FEW = 3;

/** Worked out once a picture: sorting hundreds asks for it thousands of times. */
type TonedCluster = ClusterState & { readonly tone: Tone };

type Row =
  | { readonly type: "cluster"; readonly key: string; readonly cluster: TonedCluster; readonly isOpen: boolean }
  | {
      readonly type: "endpoint";
      readonly key: string;
      readonly cluster: ClusterState;
      readonly endpoint: EndpointState;
    };

/** Where requests go, and whether anybody is there: clusters, and below each its endpoints. */
export function UpstreamsTable({ state }: { readonly state: ConsoleState }) {
  const chosen = useSignal<ReadonlyMap<string, boolean>>(new Map());
  const first = useRef<ReadonlySet<string>>(undefined);
  const picture = state.picture.value;
  const { rows: clusters, handlers } = useSteadyOrder(
    (picture?.clusters ?? []).map((cluster) => ({ ...cluster, tone: clusterTone(cluster) })),
    picture?.time ?? 0,
    BY_TROUBLE,
  );
  // Decided at the first picture: an endpoint that fails later opens nothing by itself, so that nothing jumps.
  if (picture !== undefined) first.current ??= new Set(clusters.filter(isNotWhole).map(({ key }) => key));
  const isFew = clusters.length <= FEW;

  const rows = clusters.flatMap((cluster): Row[] => {
    const isOpen = chosen.value.get(cluster.key) ?? (isFew || first.current?.has(cluster.key) === true);
    const own: Row = { type: "cluster", key: cluster.key, cluster, isOpen };
    if (!isOpen) return [own];
    return [
      own,
      ...cluster.endpoints.map((endpoint): Row => ({
        type: "endpoint",
        key: `${cluster.key} ${endpoint.address}`,
        cluster,
        endpoint,
      })),
    ];
  });
  const hidden = picture?.hidden.clusters ?? 0;
  const several = clusters.some(({ seenBy = [] }) => seenBy.length > 1);
  const unhealthy = clusters.filter(isNotWhole).length;
  const { focus } = state.place.value;
  const isOld = isServedByNone(picture);

  return (
    <Panel
      name="Upstreams"
      class={`upstreams-panel ${isOld ? "is-old" : ""}`}
      note={
        picture === undefined
          ? ""
          : `${clusters.length}${hidden > 0 ? ` of ${clusters.length + hidden}` : ""}${unhealthy > 0 ? `, ${unhealthy} not whole` : ""}${isOld ? "; as they were when Envoy last answered" : several ? "; endpoints as the Envoy here sees them" : ""}`
      }
    >
      <WindowedTable
        label="Upstreams"
        rows={rows}
        rowHeight={ROW_HEIGHT}
        busy={handlers}
        head={
          <tr>
            <th scope="col" class="wide">
              Upstream and endpoints
            </th>
            <th scope="col" class="health">
              Health
            </th>
            <th scope="col" class="figure">
              Req/s
            </th>
            <th scope="col" class="figure">
              Errors
            </th>
            <th scope="col" class="figure">
              p50
            </th>
            <th scope="col" class="figure">
              p90
            </th>
            <th scope="col" class="figure">
              p99
            </th>
          </tr>
        }
        render={(row, place) =>
          row.type === "cluster" ? (
            <ClusterRow
              key={row.key}
              place={place}
              cluster={row.cluster}
              isOpen={row.isOpen}
              isFocus={isSameFocus({ type: "cluster", upstream: row.cluster.upstream }, focus)}
              onToggle={() => (chosen.value = new Map([...chosen.value, [row.key, !row.isOpen]]))}
              onFocus={() => state.toggleFocus({ type: "cluster", upstream: row.cluster.upstream })}
            />
          ) : (
            <EndpointRow
              key={row.key}
              place={place}
              endpoint={row.endpoint}
              isFocus={isSameFocus(
                { type: "endpoint", upstream: row.cluster.upstream, address: row.endpoint.address },
                focus,
              )}
              onFocus={() =>
                state.toggleFocus({ type: "endpoint", upstream: row.cluster.upstream, address: row.endpoint.address })
              }
            />
          )
        }
        empty={
          <Empty title={picture === undefined ? "Waiting for the first picture" : "No upstream takes requests here"}>
            Upstreams appear with the routes that send to them.
          </Empty>
        }
      />
    </Panel>
  );
}

/** Letters of what stands beside an upstream's namespace: in bold type service and port, and the backend's name. */
function afterNamespace({ backend, service }: ClusterState["upstream"]): number {
  return service.length + 7 + (backend === "local" ? 0 : backend.length + 2);
}

/** Of hundreds, those without a healthy endpoint are in sight. Health changes seldom, so rows do not run about as by rates. */
const BY_TROUBLE = exactOrder<TonedCluster>(
  (a, b) => Number(b.tone === "bad") - Number(a.tone === "bad") || compareText(a.key, b.key),
);

function isNotWhole({ tone }: TonedCluster): boolean {
  return tone !== "good";
}

interface ClusterRowProps {
  readonly place: number;
  readonly cluster: TonedCluster;
  readonly isOpen: boolean;
  readonly isFocus: boolean;
  readonly onToggle: () => void;
  readonly onFocus: () => void;
}

function ClusterRow({ place, cluster, isOpen, isFocus, onToggle, onFocus }: ClusterRowProps) {
  const { upstream, rates, endpoints } = cluster;
  const words = clusterWords(cluster);
  const counts = clusterCounts(cluster);
  return (
    <tr class={isFocus ? "is-focus" : ""} aria-rowindex={place}>
      <th scope="row" class="wide">
        <span class="upstream-name">
          <button
            type="button"
            class="caret"
            aria-expanded={isOpen}
            aria-label={`endpoints of ${formatUpstreamShort(upstream)}`}
            onClick={onToggle}
          >
            {isOpen ? "▾" : "▸"}
          </button>
          <button type="button" class="row-button" aria-pressed={isFocus} onClick={onFocus} title={cluster.key}>
            {upstream.backend !== "local" && <span class="backend">{upstream.backend}</span>}
            <span class="muted upstream-namespace" style={{ "--after": afterNamespace(upstream) }}>
              {upstream.namespace}/
            </span>
            <b>{upstream.service}</b>
            <span class="muted">:{upstream.port}</span>
          </button>
        </span>
      </th>
      <td class={`health tone-${cluster.tone}`} title={words}>
        <EndpointDots endpoints={endpoints} />
        <span class="health-count">
          {counts.healthy}/{counts.endpoints}
        </span>{" "}
        <span class="health-words">{words}</span>
      </td>
      <td class="figure">{formatRate(rates.perSecond)}</td>
      <td class={`figure tone-${errorTone(rates.errorRatio)}`}>{formatShare(rates.errorRatio)}</td>
      <td class="figure">{formatMillis(rates.latency?.p50)}</td>
      <td class="figure">{formatMillis(rates.latency?.p90)}</td>
      <td class="figure">{formatMillis(rates.latency?.p99)}</td>
    </tr>
  );
}

/** More endpoints than this are told by the figure alone. */
const MOST_DOTS = 12;

const EndpointDots = memo(({ endpoints }: { readonly endpoints: readonly EndpointState[] }) => (
  <span class="dots" aria-hidden="true">
    {endpoints.slice(0, MOST_DOTS).map(({ address, health }) => (
      <Dot key={address} tone={healthTone(health)} />
    ))}
  </span>
));

/** Where an endpoint stands, and when it is used. */
function placeWords({ zone, priority, fallback }: EndpointState): string {
  const words = [
    zone === undefined ? [] : [`zone ${zone}`],
    priority === undefined ? [] : [`priority ${priority}`],
    fallback === undefined ? [] : [`takes over: ${formatUpstream(fallback)}`],
  ];
  return words.flat().join(", ");
}

interface EndpointRowProps {
  readonly place: number;
  readonly endpoint: EndpointState;
  readonly isFocus: boolean;
  readonly onFocus: () => void;
}

function EndpointRow({ place, endpoint, isFocus, onFocus }: EndpointRowProps) {
  const { address, health, perSecond, errorsPerSecond, activeRequests, latency, connectFailures, timeouts } = endpoint;
  const where = placeWords(endpoint);
  const ratio = perSecond === 0 ? 0 : Math.min(1, errorsPerSecond / perSecond);
  const counts = `${activeRequests} active, ${connectFailures} failed connects, ${timeouts} timeouts since the start`;
  return (
    <tr class={`endpoint ${isFocus ? "is-focus" : ""}`} aria-rowindex={place}>
      <th scope="row" class="wide">
        <button type="button" class="row-button address" aria-pressed={isFocus} onClick={onFocus} title={address}>
          {address}
        </button>
        {where !== "" && <span class="muted"> {where}</span>}
      </th>
      <td class={`health tone-${healthTone(health)}`} title={`${healthWords(health)}\n${counts}`}>
        <Dot tone={healthTone(health)} />
        <span class="health-words">{healthWords(health)}</span>
      </td>
      <td class="figure">{formatRate(perSecond)}</td>
      <td class={`figure tone-${errorTone(ratio)}`}>{formatShare(ratio)}</td>
      <td class="figure">{formatMillis(latency?.p50)}</td>
      <td class="figure">{formatMillis(latency?.p90)}</td>
      <td class="figure">{formatMillis(latency?.p99)}</td>
    </tr>
  );
}
