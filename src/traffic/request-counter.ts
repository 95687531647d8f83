import { countedCode } from "#xds/resources/grpc-status.ts";
import { REQUEST_STAT } from "#xds/resources/traffic-key.ts";

/** What the name of one of Envoy's request counters says. */
export interface RequestCounter {
  /** What it counts as: of gRPC, by its status. */
  readonly code: number;
  /** Response flags, sorted. */
  readonly flags: readonly string[];
  readonly cluster: string;
  readonly listener: string;
  /** See traffic-key.ts. */
  readonly routeKey: string;
}

const PREFIX = `${REQUEST_STAT.prefix}.${REQUEST_STAT.requests}.${REQUEST_STAT.requestTag}.`;
const NAME = /^(\d*)(?:\/(\d+|-)?)? ([^ ]*) ([^ ]*) ([^ ]*) (.*)$/s;

/** Reads `binnacle.requests.request.<code>/<status of gRPC, or -> <flags> <cluster> <listener> <route key>`; undefined for any other counter. */
export function parseRequestCounter(name: string): RequestCounter | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const match = NAME.exec(name.slice(PREFIX.length));
  if (match === null) return undefined;
  const [, code = "", grpc = "", written = "", cluster = "", listener = "", routeKey = ""] = match;
  const flags = parseFlags(written);
  const counted = countedCode(Number(code), parseGrpcStatus(grpc), flags);
  return { code: counted, flags, cluster: absent(cluster), listener, routeKey };
}

/** Envoy's `%GRPC_STATUS_NUMBER%`: undefined for what is no gRPC. */
export function parseGrpcStatus(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Envoy's `%RESPONSE_FLAGS%`: names with commas between, or `-`. */
export function parseFlags(text: string): readonly string[] {
  return text === "" || text === "-" ? [] : text.split(",").sort();
}

/** Envoy's formatters write `-` or nothing for what is not there. */
export function absent(text: string): string {
  return text === "-" ? "" : text;
}
