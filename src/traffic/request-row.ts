import type { Flow } from "./flows.ts";
import type { Phases, RequestRow } from "./messages.ts";
import type { RawRow } from "./raw-row.ts";
import { parseFlags } from "./request-counter.ts";

/** A request as it is shown. What it shares with others (host, owner, upstream) is the flow's, so that it is there once. */
export function requestRow(raw: RawRow, flow: Flow, id: number): RequestRow {
  return {
    id,
    time: raw.start,
    envoy: raw.envoy,
    listener: flow.listener,
    method: raw.method,
    authority: raw.authority,
    path: raw.path,
    protocol: raw.protocol,
    code: raw.code,
    flags: parseFlags(raw.flags),
    details: raw.details,
    transportFailure: raw.transportFailure,
    host: flow.host,
    route: flow.route,
    owner: flow.owner,
    upstream: flow.upstream,
    endpoint: raw.endpoint,
    attempts: raw.attempts,
    duration: rounded(raw.duration),
    phases: phases(raw),
    bytesIn: raw.bytesIn,
    bytesOut: raw.bytesOut,
    client: raw.client,
    userAgent: raw.userAgent,
    requestId: raw.requestId,
    traceId: raw.traceId,
    kept: raw.kept,
    weight: rounded(raw.weight),
  };
}

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
