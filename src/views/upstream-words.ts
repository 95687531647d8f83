import {
  type IrCircuitBreaker,
  type IrCluster,
  type IrCompression,
  type IrShare,
  LEAST_COMPRESSED_BYTES,
  type UpstreamIdentity,
} from "#translate/ir.ts";

/**
 * What an upstream's cluster does beside sharing out requests, a line each: who takes over from it, which zones come first, how
 * answers are compressed, and its limits.
 */
export function upstreamWords({
  fallbacks = [],
  zones = [],
  compression,
  circuitBreaker,
}: IrCluster): readonly string[] {
  const { maxRetries, ...others } = circuitBreaker;
  const limits = limitWords(others);
  const [zone, ...further] = zones;
  return [
    ...(zone === undefined
      ? []
      : [`endpoints of zone ${[`${zone} first`, ...further.map((next) => `of ${next}`), "others"].join(", then ")}`]),
    ...(fallbacks.length === 0 ? [] : [`then ${fallbacks.map(identityWords).join(", then ")}`]),
    ...(fallbacks.length + zones.length === 0 ? [] : [SPILL_OVER]),
    ...(compression === undefined ? [] : [compressionWords(compression)]),
    ...(limits.length === 0 ? [] : [`at most ${limits.join(", ")} at each Envoy: more get 503 (UO)`]),
    ...(maxRetries === undefined ? [] : [`at most ${maxRetries} of its requests are tried again at a time`]),
  ];
}

/** Envoy's overprovisioning factor of 1.4: a priority takes 1.4 times the share of its endpoints that are healthy. */
const SPILL_OVER = "the next get requests when fewer than 5 of 7 endpoints are healthy, all when none is";

export function identityWords({ backend, namespace, service, port }: UpstreamIdentity): string {
  return `${namespace}/${service}:${port}${backend === "local" ? "" : ` of ${backend}`}`;
}

/** The upstreams that share what one cluster is sent, each with its part. */
export function shareWords(shares: readonly IrShare[]): string {
  const sum = shares.reduce((total, { weight }) => total + weight, 0);
  return shares
    .map(({ upstream, weight }) => `${identityWords(upstream)} (${Number(((weight / sum) * 100).toFixed(1))} %)`)
    .join(", ");
}

/** By media types, for that is what somebody who misses it has to know. */
function compressionWords({ encodings, types }: IrCompression): string {
  return `answers of at least ${LEAST_COMPRESSED_BYTES} bytes are compressed for clients that take ${encodings.join(", ")}: ${types.join(", ")}`;
}

type Limits = Omit<IrCircuitBreaker, "maxRetries">;

function limitWords(limits: Limits): readonly string[] {
  return LIMITS.flatMap(([field, one, many]) => {
    const most = limits[field];
    return most === undefined ? [] : [`${most} ${most === 1 ? one : many}`];
  });
}

const LIMITS: readonly (readonly [field: keyof Limits, one: string, many: string])[] = [
  ["maxConnections", "connection", "connections"],
  ["perHostMaxConnections", "connection to an endpoint", "connections to an endpoint"],
  ["maxPendingRequests", "waiting request", "waiting requests"],
  ["maxRequests", "request under way", "requests under way"],
];
