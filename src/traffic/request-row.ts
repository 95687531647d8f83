import { grpcStatusName } from "#xds/resources/grpc-status.ts";
import type { Flow } from "./flows.ts";
import type { RequestRow } from "./request-shown.ts";
import type { Phases, Upstream } from "./table-rows.ts";
import type { RawRow } from "./raw-row.ts";
import { parseFlags } from "./request-counter.ts";
import type { TextPool } from "./text-pool.ts";

/**
 * A request as it is shown. What it shares with others is the flow's or the pool's, so that it is there once.
 *
 * @param fallback the upstream that takes over which its endpoint belongs to
 */
export function requestRow(
  raw: RawRow,
  flow: Flow,
  id: number,
  pool: TextPool,
  fallback: Upstream | undefined,
): RequestRow {
  return {
    id,
    time: raw.start,
    envoy: pool.shared(raw.envoy),
    listener: flow.listener,
    method: pool.shared(raw.method),
    authority: pool.shared(raw.authority),
    path: raw.path,
    protocol: pool.shared(raw.protocol),
    code: raw.code,
    ...(raw.grpcStatus === undefined ? {} : { grpcStatus: grpcStatusName(raw.grpcStatus) }),
    flags: raw.flags === "" ? NO_FLAGS : parseFlags(raw.flags),
    details: pool.shared(raw.details),
    transportFailure: pool.shared(raw.transportFailure),
    host: flow.host,
    route: flow.route,
    owner: flow.owner,
    upstream: flow.upstream,
    ...(fallback === undefined ? {} : { fallback }),
    endpoint: raw.endpoint === undefined ? undefined : pool.shared(raw.endpoint),
    attempts: raw.attempts,
    duration: rounded(raw.duration),
    phases: phases(raw),
    bytesIn: raw.bytesIn,
    bytesOut: raw.bytesOut,
    client: pool.shared(raw.client),
    userAgent: pool.shared(raw.userAgent),
    requestId: raw.requestId,
    traceId: raw.traceId,
    kept: raw.kept,
    weight: rounded(raw.weight),
  };
}

const NO_FLAGS: readonly string[] = [];

function phases({ waiting, connecting, upstream, transfer }: RawRow): Phases {
  return {
    ...(waiting === undefined ? {} : { waiting: rounded(waiting) }),
    ...(connecting === undefined ? {} : { connecting: rounded(connecting) }),
    ...(upstream === undefined ? {} : { upstream: rounded(upstream) }),
    ...(transfer === undefined ? {} : { transfer: rounded(transfer) }),
  };
}

/** Microseconds are what Envoy's clock means. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
