import type { StreamTotals } from "#traffic/table-rows.ts";
import type { ConsoleState } from "../state/console-state.ts";
import { formatBytes, formatCount, formatRate, formatShare, formatUpstreamShort } from "../words/format.ts";
import { Empty, Panel } from "./panel.tsx";
import { WindowedTable } from "./windowed-table.tsx";

const ROW_HEIGHT = 32;

/** Listeners, and server names on them, whose connections or datagrams are forwarded, not requests; nothing where there is none. */
export function StreamsTable({ state }: { readonly state: ConsoleState }) {
  const streams = state.picture.value?.streams ?? [];
  if (streams.length === 0) return null;
  return (
    <Panel name="TCP and UDP" class="streams-panel" note={String(streams.length)}>
      <WindowedTable
        label="TCP and UDP listeners"
        rows={streams}
        rowHeight={ROW_HEIGHT}
        head={
          <tr>
            <th scope="col" class="wide">
              Listener and upstream
            </th>
            <th scope="col" class="figure" title="Connections or sessions a second">
              Conn/s
            </th>
            <th scope="col" class="figure" title="Since the start">
              Conns
            </th>
            <th scope="col" class="figure" title="Without an upstream, since the start">
              Failed
            </th>
            <th scope="col" class="figure" title="From clients, a second">
              In
            </th>
            <th scope="col" class="figure" title="To clients, a second">
              Out
            </th>
          </tr>
        }
        render={(stream, place) => <StreamRow key={stream.key} place={place} stream={stream} />}
        empty={<Empty title="None">There is no TCP or UDP listener.</Empty>}
      />
    </Panel>
  );
}

function forwardWords({ upstream, share }: StreamTotals["upstreams"][number]): string {
  return share === 1 ? formatUpstreamShort(upstream) : `${formatShare(share)} ${formatUpstreamShort(upstream)}`;
}

function StreamRow({ place, stream }: { readonly place: number; readonly stream: StreamTotals }) {
  const { key, protocol, upstreams, connections, failed, perSecond, failedPerSecond } = stream;
  const { bytesIn, bytesOut, bytesInPerSecond, bytesOutPerSecond } = stream;
  return (
    <tr aria-rowindex={place}>
      <th
        scope="row"
        class="wide"
        title={`${formatBytes(bytesIn)} in and ${formatBytes(bytesOut)} out since the start`}
      >
        <b>{key}</b> <span class="muted">{protocol.toUpperCase()} →</span>{" "}
        {upstreams.length === 0 ? (
          <span class="tone-bad">its Service is not there</span>
        ) : (
          <span>{upstreams.map(forwardWords).join(", ")}</span>
        )}
      </th>
      <td class="figure">{formatRate(perSecond)}</td>
      <td class="figure">{formatCount(connections)}</td>
      <td class={`figure tone-${failedPerSecond > 0 ? "bad" : "plain"}`}>{formatCount(failed)}</td>
      <td class="figure">{formatBytes(bytesInPerSecond)}/s</td>
      <td class="figure">{formatBytes(bytesOutPerSecond)}/s</td>
    </tr>
  );
}
