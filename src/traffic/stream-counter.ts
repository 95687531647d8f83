/** What is counted of a listener that forwards connections or datagrams. */
export const STREAM_AMOUNTS = ["connections", "failed", "bytesIn", "bytesOut"] as const;
export type StreamAmount = (typeof STREAM_AMOUNTS)[number];

/** What the name of a counter of TCP connections, UDP sessions or failing upstream connections says. */
export interface StreamCounter {
  /** `tcp` and `udp` count for a listener, `cluster` for an upstream whose connections fail. */
  readonly of: "tcp" | "udp" | "cluster";
  /** The listener's or the upstream's name. */
  readonly name: string;
  readonly amount: StreamAmount;
}

/** By Envoy's names: those of the TCP proxy's, the UDP proxy's and a cluster's statistics. */
const AMOUNTS: Readonly<Record<StreamCounter["of"], Readonly<Record<string, StreamAmount>>>> = {
  tcp: {
    downstream_cx_total: "connections",
    downstream_cx_no_route: "failed",
    downstream_cx_rx_bytes_total: "bytesIn",
    downstream_cx_tx_bytes_total: "bytesOut",
  },
  udp: {
    downstream_sess_total: "connections",
    downstream_sess_no_route: "failed",
    downstream_sess_rx_bytes: "bytesIn",
    downstream_sess_tx_bytes: "bytesOut",
  },
  cluster: { upstream_cx_connect_fail: "failed", upstream_cx_none_healthy: "failed" },
};

const NAME = /^(tcp|udp|cluster)\.(.+)\.([a-z_]+)$/s;

/** Undefined for any other counter. */
export function parseStreamCounter(counter: string): StreamCounter | undefined {
  const match = NAME.exec(counter);
  if (match === null) return undefined;
  const [, kind = "", name = "", field = ""] = match;
  const of = kind as StreamCounter["of"];
  const amounts = AMOUNTS[of];
  const amount = Object.hasOwn(amounts, field) ? amounts[field] : undefined;
  return amount === undefined ? undefined : { of, name, amount };
}

/**
 * Which of Envoy's counters are asked for (RE2, for the admin interface's `filter`): requests, log entries that were dropped,
 * connections and sessions; of upstreams only those named, because a filter over all of them costs Envoy as much again.
 */
export function countersFilter(clusters: readonly string[]): string {
  const names = clusters.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  const listeners = String.raw`(binnacle|access_logs|tcp|udp)\.`;
  if (names.length === 0) return `^${listeners}`;
  return String.raw`^(${listeners}|cluster\.(${names.join("|")})\.upstream_cx_(connect_fail|none_healthy)$)`;
}
